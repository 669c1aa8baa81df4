package protocol

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/askonce/fieldkit/sync/civic"
)

func TestMetadata(t *testing.T) {
	m := Metadata{Kind: UploadBatch, Name: civic.Digest{1, 2, 3}}
	if got, err := ParseMetadata(m.String()); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("%v became %v: %v", m, got, err)
	}
	if got, err := ParseMetadata("filename Zm9v, " + m.String() + ",is_confidential"); err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("with another client's keys: %v, %v", got, err)
	}
	for _, bad := range []string{"", "kind", "kind YmF0Y2g=", m.String() + "," + m.String(), Metadata{Kind: "letter", Name: m.Name}.String(), "kind !,name !"} {
		if _, err := ParseMetadata(bad); civic.CodeOf(err) != civic.RequestMalformed {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestKeyAlong(t *testing.T) {
	header := bytes.Repeat([]byte("age-encryption.org "), 90)
	packed, err := PackAlong(header)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	if got, err := ReadAlong(h, bytes.NewReader(packed)); got != nil || err != nil {
		t.Errorf("without the header nothing is along: %q, %v", got, err)
	}
	h.Set(HeaderKeyAlong, strconv.Itoa(len(packed)))
	body := bytes.NewReader(append(packed, "the batch"...))
	if got, err := ReadAlong(h, body); err != nil || !bytes.Equal(got, header) || body.Len() != len("the batch") {
		t.Errorf("read %d bytes, %v; %d left", len(got), err, body.Len())
	}
	if _, err := ReadAlong(h, bytes.NewReader(packed[:10])); civic.CodeOf(err) != civic.Stopped {
		t.Errorf("cut short: %v", err)
	}
	bomb, err := PackAlong(make([]byte, MaxKeyAlong))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := PackAlong(make([]byte, MaxKeyAlong+1)); err == nil {
		t.Error("a longer key was packed")
	}
	for n, bad := range map[string][]byte{"0": bomb, "-1": bomb, "x": bomb, "4097": bomb, "3": []byte("abc"), "1": bomb} {
		h.Set(HeaderKeyAlong, n)
		if _, err := ReadAlong(h, bytes.NewReader(bad)); civic.CodeOf(err) != civic.RequestMalformed {
			t.Errorf("%q: %v", n, err)
		}
	}
}

// FuzzKeyAlong reads whatever stands at the front of a creation.
func FuzzKeyAlong(f *testing.F) {
	packed, err := PackAlong([]byte("a day key's header"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(strconv.Itoa(len(packed)), packed)
	f.Add("5", []byte("hello"))
	f.Fuzz(func(t *testing.T, n string, body []byte) {
		h := http.Header{}
		h.Set(HeaderKeyAlong, n)
		key, err := ReadAlong(h, bytes.NewReader(body))
		if err != nil && civic.CodeOf(err) == "" || len(key) > MaxKeyAlong {
			t.Fatal(len(key), err)
		}
	})
}

func TestUploadPath(t *testing.T) {
	name := NameOf([]byte("file"))
	if got, ok := ParseUploadPath(UploadPath(name)); !ok || got != name {
		t.Errorf("read %v", got)
	}
	for _, bad := range []string{"", PathUploads, PathUploads + "/", UploadPath(name) + "0", UploadPath(name)[:40], "/v1/uploads/../sync"} {
		if _, ok := ParseUploadPath(bad); ok {
			t.Errorf("%q is no upload", bad)
		}
	}
}

func TestChecksumAndSizes(t *testing.T) {
	h := http.Header{}
	if _, set, err := ParseChecksum(h); set || err != nil {
		t.Error("none is none")
	}
	h.Set(HeaderUploadSum, Checksum([]byte("abc")))
	if sum, set, err := ParseChecksum(h); !set || err != nil || civic.Digest(sum) != NameOf([]byte("abc")) {
		t.Errorf("%x, %v", sum, err)
	}
	for _, bad := range []string{"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha256 x", "sha256", "x"} {
		h.Set(HeaderUploadSum, bad)
		if _, _, err := ParseChecksum(h); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	for text, ok := range map[string]bool{"0": true, "12": true, "-1": false, "+1": false, "01": false, "": false, "1e3": false, "99999999999999999999": false} {
		h.Set(HeaderUploadOffset, text)
		if _, err := ParseSize(h, HeaderUploadOffset); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestProblemTravels(t *testing.T) {
	for code := range civic.Catalogue() {
		want := civic.NewProblem(code, errors.New("beneath"), "a", "b")
		if want.HTTPStatus() < 400 { // a notice on the kit, never an answer
			continue
		}
		w := httptest.NewRecorder()
		WriteProblem(w, want)
		got := ReadProblem(w.Result())
		if got == nil || got.Code != code || !slices.Equal(got.Words, want.Words) || w.Code != want.HTTPStatus() {
			t.Errorf("%s became %v with status %d", code, got, w.Code)
		}
		bare := w.Result() // as HEAD sees it
		bare.Body = http.NoBody
		if got := ReadProblem(bare); got == nil || got.Code != code {
			t.Errorf("%s without its body became %v", code, got)
		}
	}
	for status, want := range map[int]civic.Code{502: civic.ServerBusy, 429: civic.ServerBusy, 408: civic.ServerBusy, 404: civic.RequestMalformed, 302: civic.RequestMalformed} {
		w := httptest.NewRecorder()
		w.WriteHeader(status)
		_, _ = w.WriteString("<html>")
		if got := ReadProblem(w.Result()); got.Code != want {
			t.Errorf("a bare %d became %s", status, got.Code)
		}
	}
	w := httptest.NewRecorder()
	WriteProblem(w, errors.New("anything"))
	if p := ReadProblem(w.Result()); p.Code != civic.ServerBusy || RetryAfter(w.Result(), time.Minute) != 2*time.Second {
		t.Errorf("an error without a code became %v", p)
	}
	if RetryAfter(w.Result(), time.Second) != time.Second {
		t.Error("the limit is not kept")
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 59 * time.Second: "59 s", -90 * time.Second: "1 min 30 s", time.Hour: "1 h",
		48*time.Hour - time.Second: "2 d", 51 * time.Hour: "2 d 3 h",
	} {
		if got := Span(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}

func FuzzParseMetadata(f *testing.F) {
	f.Add(Metadata{Kind: UploadKey}.String())
	f.Add("filename Zm9v,kind YmF0Y2g=")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMetadata(s)
		if err != nil {
			return
		}
		if again, err := ParseMetadata(m.String()); err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%q is %v, written %q", s, m, m.String())
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add(Checksum([]byte("a")), "12", AckHeader([]byte{1, 2}), "/v1/uploads/"+NameOf(nil).String())
	f.Add("sha1 x", "-1", "!", "/v1/uploads/")
	f.Fuzz(func(t *testing.T, sum, size, ack, path string) {
		h := http.Header{HeaderUploadSum: {sum}, HeaderUploadOffset: {size}, HeaderAck: {ack}}
		_, _, _ = ParseChecksum(h)
		if n, err := ParseSize(h, HeaderUploadOffset); err == nil && n < 0 {
			t.Error("a negative size")
		}
		if b := ParseAckHeader(h); b != nil && len(b) == 0 {
			t.Error("an acknowledgement of nothing")
		}
		if name, ok := ParseUploadPath(path); ok && UploadPath(name) != path {
			t.Errorf("%q has two writings", path)
		}
	})
}

func FuzzReadProblem(f *testing.F) {
	good, err := Marshal(Refusal{Code: "locked", Words: []string{"a"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(400, "locked", good)
	f.Add(502, "", []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, header string, body []byte) {
		r := &http.Response{StatusCode: status, Header: http.Header{HeaderProblem: {header}, "Content-Type": {MediaCBOR}}, Body: io.NopCloser(bytes.NewReader(body))}
		p := ReadProblem(r)
		if (p == nil) != (status >= 200 && status < 300) {
			t.Errorf("status %d became %v", status, p)
		}
		if p != nil && !ValidCode(string(p.Code)) {
			t.Errorf("code %q", p.Code)
		}
	})
}
