package camera

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mostListed limits how many cameras are offered.
const mostListed = 16

// linuxCameras are the video devices that the kernel lists and that capture
// tells to give pictures: one camera has several, for its settings and such.
func linuxCameras(devices string, captures func(device string) bool) []Source {
	found, _ := filepath.Glob(filepath.Join(devices, "video*"))
	number := func(path string) int {
		n, _ := strconv.Atoi(strings.TrimPrefix(filepath.Base(path), "video"))
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return number(a) - number(b) })
	var all []Source
	for _, path := range found {
		device := "/dev/" + filepath.Base(path)
		if len(all) == mostListed || !captures(device) {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(path, "name"))
		all = append(all, Source{Format: "v4l2", Input: device, Name: tidy(string(name))})
	}
	return all
}

// tidy makes a device's name fit to be shown.
func tidy(name string) string {
	name = strings.Join(strings.Fields(strings.ToValidUTF8(name, "")), " ")
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60]) + "…"
	}
	return name
}

var (
	directShowDevice = regexp.MustCompile(`^\[[^\]]*\]\s+"(.+)"(?:\s+\(([a-z, ]+)\))?\s*$`)
	directShowOther  = regexp.MustCompile(`^\[[^\]]*\]\s+Alternative name "(.+)"\s*$`)
	foundationDevice = regexp.MustCompile(`^\[[^\]]*\] \[(\d+)\] (.+)$`)
)

// parseDirectShow reads what ffmpeg writes about the devices of Windows: since
// version 5 with the kind behind the name, before under a heading. The other
// name is unique and holds no colon, which would end a name.
func parseDirectShow(said string) []Source {
	var all []Source
	video, open := true, false
	for line := range strings.Lines(said) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.Contains(line, "DirectShow video devices"):
			video = true
		case strings.Contains(line, "DirectShow audio devices"):
			video = false
		}
		if m := directShowOther.FindStringSubmatch(line); m != nil {
			if open {
				all[len(all)-1].Input = m[1]
			}
			open = false
			continue
		}
		m := directShowDevice.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		open = (video && m[2] == "" || strings.Contains(m[2], "video")) && len(all) < mostListed
		if open {
			all = append(all, Source{Format: "dshow", Input: m[1], Name: tidy(m[1])})
		}
	}
	return all
}

// parseAVFoundation reads what ffmpeg writes about the devices of macOS; screens
// are left out.
func parseAVFoundation(said string) []Source {
	var all []Source
	video := false
	for line := range strings.Lines(said) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.Contains(line, "AVFoundation video devices"):
			video = true
		case strings.Contains(line, "AVFoundation audio devices"):
			video = false
		}
		m := foundationDevice.FindStringSubmatch(line)
		if m == nil || !video || strings.HasPrefix(m[2], "Capture screen") || len(all) == mostListed {
			continue
		}
		all = append(all, Source{Format: "avfoundation", Input: m[1], Name: tidy(m[2])})
	}
	return all
}
