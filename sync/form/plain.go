package form

import (
	"html"
	"regexp"
	"strings"
)

// Labels may hold the marks of Markdown and a little HTML, as ODK allows. The
// kit shows plain words, so the marks are taken out once, when a form is
// loaded; what they stress stays.
var (
	lineBreak = regexp.MustCompile(`(?i)<\s*(?:br|/p|/div|/li|/h[1-6])\s*/?\s*>`)
	htmlTag   = regexp.MustCompile(`</?[a-zA-Z][^<>]*>`)
	heading   = regexp.MustCompile(`(?m)^[ \t]*#{1,6}[ \t]+`)
	link      = regexp.MustCompile(`\[([^\]\[]+)\]\([^()\s]*\)`)
	strong    = regexp.MustCompile(`\*\*(\S(?:[^*]*\S)?)\*\*|(^|\W)__(\S(?:[^_]*\S)?)__($|\W)`)
	stressed  = regexp.MustCompile(`(^|[^*\w])\*([^\s*](?:[^*\n]*[^\s*])?)\*($|[^*\w])|(^|\W)_([^\s_](?:[^_\n]*[^\s_])?)_($|\W)`)
	escaped   = regexp.MustCompile(`\\([*_#<>\\\[\]()])`)
	manyLines = regexp.MustCompile(`[ \t]*\n[ \t]*(?:\n[ \t]*)+`)
)

// Plain takes the marks of Markdown and HTML out of a text.
func Plain(s string) string {
	if !strings.ContainsAny(s, "<*_#&\\[") {
		return s
	}
	// What is escaped is no mark: it hides as a private sign meanwhile.
	s = escaped.ReplaceAllStringFunc(s, func(m string) string { return string(rune(m[1]) + 0xE000) })
	s = lineBreak.ReplaceAllString(s, "\n")
	s = htmlTag.ReplaceAllString(s, "")
	s = heading.ReplaceAllString(s, "")
	s = link.ReplaceAllString(s, "$1")
	s = strong.ReplaceAllString(s, "$1$2$3$4")
	s = stressed.ReplaceAllString(s, "$1$2$3$4$5$6")
	s = strings.Map(func(r rune) rune {
		if r >= 0xE000 && r < 0xE080 {
			return r - 0xE000
		}
		return r
	}, s)
	s = strings.ReplaceAll(html.UnescapeString(s), "\u00a0", " ")
	return strings.TrimSpace(manyLines.ReplaceAllString(s, "\n\n"))
}

// hole stands for a mentioned answer while the marks are taken out.
const hole = "\x00"

// plainly fills in what each piece shows.
func plainly(pieces []piece) []piece {
	var b strings.Builder
	for _, p := range pieces {
		if p.value != nil {
			b.WriteString(hole)
		} else {
			b.WriteString(strings.ReplaceAll(p.text, hole, ""))
		}
	}
	parts := strings.Split(Plain(b.String()), hole)
	var out []piece
	for _, p := range pieces {
		if p.value == nil {
			continue
		}
		if len(parts) > 1 {
			out = append(out, piece{text: parts[0]})
			parts = parts[1:]
		}
		out = append(out, p)
	}
	return append(out, piece{text: strings.Join(parts, "")})
}
