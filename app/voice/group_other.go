//go:build !unix

package voice

import "os/exec"

// asGroup does nothing where there are no groups: the program itself is ended.
func asGroup(*exec.Cmd) {}
