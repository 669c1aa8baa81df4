package rehearsal

import (
	"crypto/tls"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// account is a user and a group of this machine; the zero one is the test's own.
type account struct{ user, group uint32 }

// become lets a process run under the account.
func (a account) become(c *exec.Cmd) {
	if a != (account{}) {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: a.user, Gid: a.group}}
	}
}

// accounts are those of a centre's two parts.
type accounts struct {
	opener, intake account
	apart          bool // two users, as only root can arrange
}

// The numbers of users and of the group they share, of nobody on this machine.
const (
	openerUser  = 64811
	intakeUser  = 64812
	sharedGroup = 64813
)

// shareOut gives a centre's folders to two users, as the guide to operations
// says. Without root's powers all stays with the test's own user.
func shareOut(t testing.TB, a *apart) accounts {
	t.Helper()
	if os.Geteuid() != 0 {
		return accounts{}
	}
	users := accounts{opener: account{openerUser, sharedGroup}, intake: account{intakeUser, sharedGroup}, apart: true}
	for dir := filepath.Dir(a.data); len(dir) > len(filepath.Clean(os.TempDir())); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // the way there
			t.Fatal(err)
		}
	}
	for _, f := range []struct {
		dir          string
		user         uint32
		folder, file fs.FileMode
	}{
		{a.data, openerUser, 0o770 | fs.ModeSetgid, 0o660},
		{a.keys, openerUser, 0o700, 0o600},
		{a.intake, intakeUser, 0o700, 0o600},
	} {
		err := filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if err := os.Chown(path, int(f.user), sharedGroup); err != nil {
				return err
			}
			if d.IsDir() {
				return os.Chmod(path, f.folder)
			}
			return os.Chmod(path, f.file)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return users
}

// answers tells whether a part has a page or call at a path.
func answers(t testing.TB, address, path string) bool {
	t.Helper()
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // only whether anything answers
	defer c.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Body.Close() == nil && answer.StatusCode != http.StatusNotFound
}
