package camera

import (
	"os/exec"
	"syscall"
)

func captures(string) bool { return true }

// hide keeps the black window away that Windows gives to every program.
func hide(cmd *exec.Cmd) {
	const noWindow = 0x08000000
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: noWindow}
}
