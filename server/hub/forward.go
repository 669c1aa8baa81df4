package hub

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// restBetween lies between two passes, however many kits ask.
const restBetween = time.Second

// callTime is how long one call to the centre may take.
const callTime = 2 * time.Minute

// Forward makes one pass to the centre: certificate, files, then each kit's
// question. What fails is tried again at the next pass.
func (h *Hub) Forward(ctx context.Context) error {
	web, err := h.web()
	if err != nil {
		return err
	}
	defer web.CloseIdleConnections()
	if err := h.renew(ctx, web); err != nil {
		return err
	}
	if _, err := h.client.Pass(ctx, passOptions); err != nil {
		return err
	}
	return h.relay(ctx, web)
}

// web is an HTTP client that shows the hub's transport key and trusts the root.
func (h *Hub) web() (*http.Client, error) {
	config, err := protocol.ClientTLS(h.root, h.transport, h.serverTime)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{TLSClientConfig: config}
	if h.Dial != nil {
		t.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) { return h.Dial(ctx, address) }
	}
	return &http.Client{Transport: t, Timeout: callTime}, nil
}

// call posts a message to the centre and reads its answer.
func (h *Hub) call(ctx context.Context, web *http.Client, path string, ask, into any) error {
	body, err := protocol.Marshal(ask)
	if err != nil {
		return err
	}
	server := h.Server
	if !strings.Contains(server, "://") {
		server = "https://" + server
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(server, "/")+path, bytes.NewReader(body))
	if err != nil {
		return civic.NewProblem(civic.WrongUse, err, "The centre's address cannot be read.")
	}
	r.Header.Set("Content-Type", protocol.MediaCBOR)
	res, err := web.Do(r)
	if err != nil {
		if p := (*civic.Problem)(nil); errors.As(err, &p) {
			return p
		}
		return civic.NewProblem(civic.NoNetwork, err)
	}
	defer res.Body.Close()
	if p := protocol.ReadProblem(res); p != nil {
		return p
	}
	words, err := io.ReadAll(io.LimitReader(res.Body, protocol.MaxMessage+1))
	if err != nil {
		return civic.NewProblem(civic.NoNetwork, err)
	}
	return protocol.Unmarshal(words, into)
}

// renew asks for a certificate when there is none or it is about to end.
func (h *Hub) renew(ctx context.Context, web *http.Client) error {
	h.mu.Lock()
	fresh := h.cert != nil && h.Clock().Add(renewBefore).Before(h.cert.Leaf.NotAfter)
	h.mu.Unlock()
	if fresh {
		return nil
	}
	key, err := x509.MarshalPKIXPublicKey(h.tlsKey.Public())
	if err != nil {
		return err
	}
	var chain protocol.HubAnswer
	if err := h.call(ctx, web, protocol.PathHub, protocol.HubRequest{TLS: key, Hosts: h.Hosts}, &chain); err != nil {
		return err
	}
	cert, ok := h.certificate(chain)
	if !ok {
		return civic.NewProblem(civic.WrongServer, errors.New("the certificate is not for this hub"))
	}
	if err := keep(h.path(fileChain), chain); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cert = cert
	return nil
}

// relay brings each kit's last question to the centre and keeps the answer. A
// question that the centre refuses keeps none of the others back: anybody may
// leave one here. Only a centre that is not there ends the round.
func (h *Hub) relay(ctx context.Context, web *http.Client) error {
	entries, err := os.ReadDir(h.path(dirAsk))
	if err != nil {
		return err
	}
	h.mu.Lock()
	serial := h.serial
	h.mu.Unlock()
	var refused error
	for _, e := range entries {
		transport, err := hex.DecodeString(strings.TrimSuffix(e.Name(), ".cbor"))
		if err != nil {
			continue
		}
		ask := protocol.RelayRequest{Transport: transport}
		if found, err := recall(h.path(dirAsk, e.Name()), &ask.Ask); err != nil || !found {
			continue
		}
		ask.Ask.Wait = 0
		ask.Ask.Bundle = serial // the hub has its own
		var answer protocol.SyncAnswer
		err = h.call(ctx, web, protocol.PathRelay, ask, &answer)
		switch code := civic.CodeOf(err); {
		case code == civic.DeviceUnknown:
			continue // the centre does not know this kit; the kit learns it there
		case code == civic.NoNetwork || code == civic.NotHub || ctx.Err() != nil:
			return errors.Join(refused, err)
		case err != nil:
			if refused == nil {
				refused = err
			}
			continue
		}
		// Together with its question: an answer says nothing of other names.
		if err := keep(h.path(dirAnswer, e.Name()), answered{Ask: ask.Ask, Answer: answer}); err != nil {
			return err
		}
		if err := (local{h}).KeepServerTime(ctx, answer.ServerTime); err != nil {
			return err
		}
	}
	return refused
}

// answered is a question with the centre's answer.
type answered struct {
	Ask    protocol.SyncRequest `cbor:"1,keyasint"`
	Answer protocol.SyncAnswer  `cbor:"2,keyasint"`
}

// forwarding makes passes within the hours until the context ends.
func (h *Hub) forwarding(ctx context.Context) {
	tick := time.NewTicker(h.Every)
	defer tick.Stop()
	for {
		if h.Hours.Open(h.Clock()) {
			if err := h.Forward(ctx); err != nil && ctx.Err() == nil {
				h.Logger.Warn("the centre was not reached, or not to the end", "code", string(civic.CodeOf(err)), "error", err)
			}
		}
		rest := time.NewTimer(restBetween)
		select {
		case <-rest.C:
		case <-ctx.Done():
			rest.Stop()
			return
		}
		select {
		case <-tick.C:
		case <-h.nudge:
		case <-ctx.Done():
			return
		}
	}
}
