package protocol

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// Version is the version of the wire that this program speaks; it stands in
// every path. A later one has paths of its own, and a centre serves both for as
// long as kits of the earlier one are out.
const Version = 1

// RefuseOtherVersions answers calls of every other version with
// civic.VersionUnknown and two words: the version asked for, and the one to ask
// for. A later kit that can still speak it goes on with that; every other kit
// tells its officer which program to renew, and keeps all it has.
func RefuseOtherVersions(mux *http.ServeMux) {
	for v := range 10 {
		if v != Version {
			mux.HandleFunc("/v"+strconv.Itoa(v)+"/", refuseVersion)
		}
	}
}

func refuseVersion(w http.ResponseWriter, r *http.Request) {
	asked, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/")
	_, _ = io.CopyN(io.Discard, r.Body, maxRefusedBody) // so that the answer is read; nothing depends on it
	WriteProblem(w, civic.NewProblem(civic.VersionUnknown, nil, asked, strconv.Itoa(Version)))
}

// maxRefusedBody is how much of a refused request is read, in bytes.
const maxRefusedBody = 64 << 10

// written tells under which names a statement of a kind may have been signed:
// its own, and the one of version 0 where that kind was signed before version 1.
// A kit or a centre keeps statements for long, and they stay good.
func (k StatementKind) written() []StatementKind {
	name, ok := strings.CutSuffix(string(k), "/v1")
	switch name {
	case "askonce/bundle", "askonce/lease", "askonce/ack", "askonce/form", "askonce/agreement", "askonce/places", "askonce/recovery",
		"askonce/custody", "askonce/backup", "askonce/restore":
		if ok {
			return []StatementKind{k, StatementKind(name + "/v0")}
		}
	}
	return []StatementKind{k}
}
