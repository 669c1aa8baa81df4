package batchtest

import (
	"pgregory.net/rapid"

	"github.com/askonce/fieldkit/sync/civic"
)

// StrangeForm has every kind of question, and repeats within repeats.
var StrangeForm = civic.FormRef{ID: "strange", Version: "2026-11 b"}

// StrangeWorkbook writes that form.
func StrangeWorkbook() ([]byte, error) {
	survey := [][]any{
		{"type", "name", "label", "calculation", "x_partial"},
		{"start", "start"}, {"end", "end"}, {"today", "today"}, {"deviceid", "deviceid"},
		{"text", "name", "Name"}, {"integer", "count", "Count"}, {"decimal", "weight", "Weight"},
		{"date", "born", "Born", "", "yes"}, {"time", "hour", "Hour"}, {"dateTime", "moment", "Moment"},
		{"note", "hello", "Hello"}, {"select_one color", "color", "Colour"}, {"select_multiple color", "colors", "Colours"},
		{"geopoint", "where", "Where"}, {"barcode", "code", "Code"}, {"acknowledge", "seen", "Seen"}, {"image", "photo", "Photo"},
		{"begin repeat", "members", "Members"},
		{"text", "name", "Name"}, {"integer", "age", "Age"},
		{"begin group", "more", "More"}, {"select_one color", "color", "Colour"}, {"end group"},
		{"begin repeat", "papers", "Papers"}, {"text", "number", "Number"}, {"end repeat"},
		{"end repeat"},
		{"text", "last", "Last"}, {"calculate", "sum", "", "1 + 1"},
	}
	colors := [][]any{{"list_name", "name", "label"}}
	for _, c := range []string{"red", "green", "blue", "yellow", "black"} {
		colors = append(colors, []any{"color", c, c})
	}
	words := [][]any{{"question", "word"}, {"name", "Ana"}, {"name", "Luis"}, {"name", "de la Cruz"}, {"name", "Ana"}, {"members/name", "Eva"}}
	return workbook(survey, colors, [][]any{{"form_id", "form_title", "version"}, {string(StrangeForm.ID), "Strange", StrangeForm.Version}}, words)
}

var paths = []string{
	"start", "end", "today", "deviceid", "name", "count", "weight", "born", "hour", "moment", "color", "colors", "where", "code",
	"seen", "photo", "members[1]/name", "members[1]/age", "members[1]/more/color", "members[1]/papers[1]/number", "members[1]/papers[2]/number",
	"members[2]/name", "members[2]/more/color", "members[4]/papers[3]/number", "last", "sum",
}

var values = []string{
	"Ana", "Luis Ana", "de la Cruz", "Ana  Luis", " Ana", "Ana ", "", "0", "-0", "007", "42", "-17", "9223372036854775807", "-9223372036854775808",
	"92233720368547758070", "3.25", "-0.5", "00.5", ".5", "5.", "1e3", "0.000000000000001", "1956-04-09", "1956-04", "1956", "1956~", "1956-02-31",
	"0001-01-01", "9999-12-31~", "2026-11-20", "14:35:00.000-06:00", "2026-11-22T17:51:14.123-06:00", "2026-11-22T17:51:14Z", "2026-11-22T25:00:00Z",
	"red", "red green", "green red", "red red", "purple", "red purple", "17.0654 -96.7236 1555.0 4.8", "OK", "photo-1.jpg", "members[1]/name",
	"\x00", "日本語 テキスト", "a\tb\nc", "951 123 4567", "+52-951-1234567",
}

// Strange draws a registration that a form would hardly let through, but for
// device, id and links: answers out of order, to questions the form does not
// have, with values of another kind, and moments that no clock shows.
func Strange(t *rapid.T) civic.Registration {
	text := rapid.OneOf(rapid.SampledFrom(values), rapid.StringN(0, 40, 200))
	stamp := func(label string) civic.Stamp {
		return civic.Stamp{
			Wall: rapid.OneOf(rapid.Int64Range(1_790_000_000, 1_790_090_000), rapid.Int64()).Draw(t, label+" wall"),
			Boot: rapid.OneOf(rapid.Uint32Range(1, 3), rapid.Uint32()).Draw(t, label+" boot"),
			Mono: rapid.OneOf(rapid.Int64Range(0, 30_000), rapid.Int64()).Draw(t, label+" mono"),
		}
	}
	r := civic.Registration{
		Area:     civic.Area(rapid.SampledFrom([]string{"mx-20-067", "mx-20-068", ""}).Draw(t, "area")),
		Officer:  civic.OfficerID{byte(rapid.IntRange(0, 3).Draw(t, "officer"))},
		Form:     StrangeForm,
		Language: rapid.SampledFrom([]string{"es", "en", "", "zap"}).Draw(t, "language"),
		Started:  stamp("started"), Sealed: stamp("sealed"),
		SourceRow: rapid.SampledFrom([]string{"", "rec-17-org", "rec-18-dup-0", "A 7"}).Draw(t, "row"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "services") {
		r.Services = append(r.Services, civic.ServiceID(rapid.SampledFrom([]string{"strange", "birth", "health"}).Draw(t, "service")))
	}
	if rapid.IntRange(0, 9).Draw(t, "correction") == 0 {
		copy(r.Corrects[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "corrects"))
	}
	orderly := rapid.Bool().Draw(t, "orderly")
	asked := paths
	if !orderly {
		asked = rapid.Permutation(append([]string{"unknown", "members[0]/name", "members[]/name", "members[01]/age", "members[1]x", "name[3]", "[", "]"}, paths...)).Draw(t, "order")
	}
	for _, path := range asked {
		if rapid.IntRange(0, 2).Draw(t, "answered") == 0 {
			continue
		}
		a := civic.Answer{Path: path, Value: text.Draw(t, "value")}
		if rapid.IntRange(0, 4).Draw(t, "shape") == 0 {
			a.Absent = civic.Absence(rapid.IntRange(0, 4).Draw(t, "absent"))
			a.Stated = text.Draw(t, "stated")
			if rapid.Bool().Draw(t, "no value") {
				a.Value = ""
			}
		}
		r.Answers = append(r.Answers, a)
	}
	for range rapid.IntRange(0, 2).Draw(t, "consents") {
		r.Consents = append(r.Consents, civic.Consent{
			Service: "birth", Purpose: civic.Purpose(text.Draw(t, "purpose")), Given: rapid.Bool().Draw(t, "given"),
			Language: rapid.SampledFrom([]string{"es", "zap"}).Draw(t, "speech"), ReadAloud: rapid.Bool().Draw(t, "aloud"),
			Agency: rapid.SampledFrom([]string{"", "", "salud", "escuela-mx"}).Draw(t, "agency"), Withdrawn: rapid.Bool().Draw(t, "withdrawn"),
			Notice: text.Draw(t, "notice"), Words: civic.Digest{rapid.Byte().Draw(t, "words")}, By: civic.Speaker(rapid.Byte().Draw(t, "by")),
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "attachments") {
		a := civic.Attachment{Name: text.Draw(t, "name"), Media: "image/png", Size: rapid.Int64().Draw(t, "size")}
		copy(a.Digest[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "digest"))
		r.Attachments = append(r.Attachments, a)
	}
	return r
}
