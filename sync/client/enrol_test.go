package client

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"net"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

func newDevice(t *testing.T, c *centre) EnrolConfig {
	t.Helper()
	secret := [10]byte{1, 2, 3}
	c.secrets[string(secret[:])] = ""
	return EnrolConfig{
		Server:    c.serve(t),
		Code:      protocol.NewCode(secret, protocol.RootPin(c.root.RawSubjectPublicKeyInfo)),
		Device:    ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)),
		Transport: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)),
		Name:      "Kit 1", Clock: time.Now, Tuning: quick,
	}
}

func TestEnrol(t *testing.T) {
	c := newCentre(t)
	config := newDevice(t, c)
	got, err := Enrol(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Root.Equal(c.root) || got.Answer.Area != "mx-20-067" || got.Bundle.Serial != 1 || got.Lease.Device != got.Answer.Device || got.Doubt != nil {
		t.Errorf("%+v", got)
	}
	if again, err := Enrol(t.Context(), config); err != nil || again.Answer.Device != got.Answer.Device {
		t.Errorf("a repeat by the same device: %v", err)
	}
	config.Device = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{18}, 32))
	if _, err := Enrol(t.Context(), config); civic.CodeOf(err) != civic.CodeUsed {
		t.Errorf("another device with a used code: %v", err)
	}
}

func TestEnrolProblems(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*EnrolConfig)
		want   civic.Code
	}{
		"another code":     {func(e *EnrolConfig) { e.Code.Secret[0]++ }, civic.CodeUnknown},
		"another registry": {func(e *EnrolConfig) { e.Code.Pin[0]++ }, civic.WrongServer},
		"clock a month ahead": {func(e *EnrolConfig) {
			e.Clock = func() time.Time { return time.Now().Add(30 * 24 * time.Hour) }
		}, civic.ClockDoubt},
		"no server": {func(e *EnrolConfig) { e.Server = "https://127.0.0.1:1" }, civic.NoNetwork},
		"not a url": {func(e *EnrolConfig) { e.Server = "http://registry.example" }, civic.WrongUse},
	} {
		t.Run(name, func(t *testing.T) {
			config := newDevice(t, newCentre(t))
			test.change(&config)
			if _, err := Enrol(t.Context(), config); civic.CodeOf(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// With the wrong pin nothing may leave the device but the hello of TLS.
func TestEnrolSendsNothingToAStranger(t *testing.T) {
	c := newCentre(t)
	config := newDevice(t, c)
	config.Code.Pin[3] ^= 1
	_, err := Enrol(t.Context(), config)
	if civic.CodeOf(err) != civic.WrongServer || len(c.requests) != 0 {
		t.Errorf("%v after %v", err, c.requests)
	}
}

func TestEnrolAgainstSomethingElse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 302 Found\r\nLocation: http://hotel.example/\r\n\r\n"))
			_ = conn.Close()
		}
	}()
	config := newDevice(t, newCentre(t))
	config.Server = l.Addr().String()
	if _, err := Enrol(context.Background(), config); civic.CodeOf(err) != civic.WrongServer {
		t.Errorf("got %v", err)
	}
}
