//go:build window

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// tools are what the walk needs of the system, each with the Debian package
// that has it.
var tools = [][2]string{{"Xvfb", "xvfb"}, {"openbox", "openbox"}, {"xdotool", "xdotool"}, {"zbarimg", "zbar-tools"}, {"import", "imagemagick"}, {"setxkbmap", "x11-xkb-utils"}, {"ffmpeg", "ffmpeg"}, {"espeak-ng", "espeak-ng"}}

// missing names the packages to install.
func missing() []string {
	var all []string
	for _, t := range tools {
		if _, err := exec.LookPath(t[0]); err != nil {
			all = append(all, t[1])
		}
	}
	return all
}

// display is a virtual screen with a window manager.
type display struct {
	name     string // ":7"
	dir      string // its home, runtime and configuration folders
	language string // such as es_MX
	server   *exec.Cmd
	wm       *exec.Cmd
}

// openbox shows every window without a frame and as large as the screen, as a
// tablet does.
const openboxConfig = `<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
<applications><application class="*"><decor>no</decor><maximized>yes</maximized><focus>yes</focus></application></applications>
<keyboard><keybind key="A-F4"><action name="Close"/></keybind></keyboard>
</openbox_config>
`

// openDisplay starts a screen of width by height pixels. The X server chooses a
// free number and tells it.
func openDisplay(ctx context.Context, dir, size, language string) (*display, error) {
	d := &display{dir: dir, language: language}
	for _, sub := range []string{"home/.cache", "run", "config/openbox", "home/Pictures", "home/Documents"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "config/openbox/rc.xml"), []byte(openboxConfig), 0o600); err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	d.server = exec.CommandContext(ctx, "Xvfb", "-displayfd", "3", "-screen", "0", size+"x24", "-nolisten", "tcp", "-dpi", "96")
	d.server.ExtraFiles = []*os.File{write}
	d.server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := d.server.Start(); err != nil {
		return nil, err
	}
	_ = write.Close()
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the virtual display did not start: %w", err)
	}
	d.name = ":" + strings.TrimSpace(number)
	d.wm = d.command(ctx, "openbox", "--config-file", filepath.Join(dir, "config/openbox/rc.xml"))
	if err := d.wm.Start(); err != nil {
		return nil, err
	}
	time.Sleep(300 * time.Millisecond)
	// A Latin American keyboard has the letters of Spanish names.
	if out, err := d.command(ctx, "setxkbmap", "latam").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the keyboard could not be set: %s", out)
	}
	return d, nil
}

// command is a program on this display, cut off from the session it runs in.
func (d *display) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Env = []string{"DISPLAY=" + d.name, "HOME=" + filepath.Join(d.dir, "home"), "XDG_CONFIG_HOME=" + filepath.Join(d.dir, "config"),
		"XDG_RUNTIME_DIR=" + filepath.Join(d.dir, "run"), "DBUS_SESSION_BUS_ADDRESS=disabled:", "LIBGL_ALWAYS_SOFTWARE=1", "FYNE_SCALE=1",
		"PATH=" + os.Getenv("PATH"), "TZ=UTC", "LC_CTYPE=C.UTF-8", "LC_MESSAGES=" + d.language + ".UTF-8"}
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return c
}

// close ends the window manager and the screen.
func (d *display) close() {
	for _, c := range []*exec.Cmd{d.wm, d.server} {
		if c != nil && c.Process != nil {
			_ = c.Process.Signal(syscall.SIGTERM)
			_ = c.Wait()
		}
	}
}

// picture saves what the screen shows.
func (d *display) picture(ctx context.Context, path string) error {
	if out, err := d.command(ctx, "import", "-window", "root", path).CombinedOutput(); err != nil {
		return fmt.Errorf("no picture of the screen: %s", out)
	}
	return nil
}
