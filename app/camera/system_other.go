//go:build !linux && !windows

package camera

import "os/exec"

func captures(string) bool { return true }

func hide(*exec.Cmd) {}
