package camera

import (
	"slices"
	"strings"
	"unicode"

	"github.com/askonce/fieldkit/sync/civic"
)

// Source is where pictures come from.
type Source struct {
	Format string // how ffmpeg opens it: v4l2, dshow, avfoundation, image2, lavfi, mjpeg
	Input  string // what it opens: a device, a file, a graph
	Name   string // what the system calls it, for people; may be empty
}

// maxSource is how long a source that somebody typed may be, in bytes.
const maxSource = 1024

// formats are those a source may name: cameras, and for odd hardware and tests
// what plays files or draws. None of them opens a network connection.
var formats = []string{"v4l2", "dshow", "avfoundation", "image2", "mjpeg", "lavfi"}

// ParseSource reads FORMAT:INPUT; what is none is the problem camera_source.
func ParseSource(text string) (Source, error) {
	format, input, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok || input == "" || len(text) > maxSource || !slices.Contains(formats, format) || strings.ContainsFunc(text, unicode.IsControl) {
		if len(text) > 60 {
			text = strings.ToValidUTF8(text[:60], "") + "…"
		}
		return Source{}, civic.NewProblem(civic.CameraSource, nil, text)
	}
	return Source{Format: format, Input: input}, nil
}

// String writes the source as ParseSource reads it.
func (s Source) String() string { return s.Format + ":" + s.Input }

// Turn is by how many quarters to the right pictures are turned, for a camera
// that is built in sideways.
type Turn uint8

// filter is ffmpeg's for a turn.
func (t Turn) filter() string {
	return [...]string{"", ",transpose=clock", ",hflip,vflip", ",transpose=cclock"}[t%4]
}

// What is asked of a camera, and what a picture is scaled to: a receipt's code
// of 85 modules that fills half of the picture still has four pixels a module.
const (
	wanted  = "1280x720"
	longest = "1280"
	rate    = "10" // pictures a second
)

// attempts are the words to start ffmpeg with, the best first: not every camera
// has the size or the format that serves best, and some drivers refuse to be
// asked.
func (s Source) attempts(turn Turn) [][]string {
	var inputs [][]string
	live := []string{"-fflags", "nobuffer", "-f", s.Format}
	add := func(options ...string) { inputs = append(inputs, options) }
	with := func(options ...string) []string { return append(live[:len(live):len(live)], options...) }
	switch s.Format {
	case "v4l2": // compressed first: uncompressed pictures of this size need all of USB 2
		add(with("-input_format", "mjpeg", "-video_size", wanted, "-i", s.Input)...)
		add(with("-video_size", wanted, "-i", s.Input)...)
		add(with("-i", s.Input)...)
	case "dshow":
		add(with("-rtbufsize", "16M", "-video_size", wanted, "-i", "video="+s.Input)...)
		add(with("-rtbufsize", "16M", "-i", "video="+s.Input)...)
	case "avfoundation":
		add(with("-framerate", "30", "-video_size", wanted, "-i", s.Input+":none")...)
		add(with("-framerate", "30", "-i", s.Input+":none")...)
	case "image2": // pictures at the pace of a camera, again and again
		add("-re", "-protocol_whitelist", "file", "-f", "image2", "-framerate", rate, "-loop", "1", "-i", s.Input)
	case "mjpeg":
		add("-re", "-protocol_whitelist", "file", "-f", "mjpeg", "-i", s.Input)
	default:
		add("-re", "-f", s.Format, "-i", s.Input)
	}
	scale := "scale=w='min(" + longest + ",iw)':h='min(" + longest + ",ih)':force_original_aspect_ratio=decrease:force_divisible_by=2"
	for i, input := range inputs {
		all := []string{"-hide_banner", "-loglevel", "error", "-nostdin", "-threads", "1"}
		all = append(all, input...)
		inputs[i] = append(all, "-an", "-sn", "-dn", "-map_metadata", "-1", "-vf", "fps="+rate+","+scale+turn.filter()+",format=yuvj420p",
			"-threads", "1", "-c:v", "mjpeg", "-q:v", "3", "-flush_packets", "1", "-f", "mjpeg", "pipe:1")
	}
	return inputs
}
