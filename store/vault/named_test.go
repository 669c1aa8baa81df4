package vault

import (
	"os"
	"path/filepath"
	"testing"
)

// What was set aside is found in a folder with brackets in its name, too.
func TestSetAsideInAFolderOfAnyName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "[kit] *1")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if Exists(dir) {
		t.Error("there is nothing")
	}
	for _, name := range []string{"kit.db.kept-20260101-000000", "kit.db.tail-20260102-000000"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	v := &Vault{dir: dir}
	if all := v.SetAsideFiles(); !Exists(dir) || len(all) != 2 || filepath.Dir(all[0]) != dir || v.LostTail() == nil {
		t.Errorf("found %q", all)
	}
}
