//go:build unix

package voice

import (
	"os"
	"os/exec"
	"syscall"
)

// asGroup gives a program a group of its own, which ends as a whole: a program
// may be a script that has started the one which speaks.
func asGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
			return os.ErrProcessDone
		}
		return nil
	}
}
