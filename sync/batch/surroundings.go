package batch

import (
	"slices"

	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/form"
)

// surroundings is what the coding of everything but the answers remembers.
type surroundings struct {
	tidy, steady, linked, ahead             slot
	corrects, row, area, agreed, sameSpeech slot
	given, aloud                            [4]slot
	whole, takenBack                        slot
	notices                                 []notice
	named                                   slot

	path, stated, areas, service, language, purpose, rows, name, media, agency, notice textual
	officers                                                                           []civic.OfficerID
	stray                                                                              *question
}

func (s *surroundings) init(c *codec) {
	likely, unlikely := newSlot(63000, 4), newSlot(2500, 4)
	s.tidy, s.steady, s.linked, s.ahead, s.agreed, s.sameSpeech, s.named = likely, likely, likely, likely, likely, likely, likely
	s.corrects, s.row, s.area = unlikely, unlikely, likely
	s.whole, s.takenBack = likely, unlikely
	for i := range s.given {
		s.given[i], s.aloud[i] = newSlot(1<<15, 0), newSlot(1<<15, 0)
	}
	for i, t := range []*textual{&s.path, &s.stated, &s.areas, &s.service, &s.language, &s.purpose, &s.rows, &s.name, &s.media, &s.agency, &s.notice} {
		t.key = c.key(100 + uint32(i))
	}
	s.stray = &question{column: &column{kind: form.Text}, regular: newSlot(60000, 3), text: textual{key: c.key(120)}}
	s.stray.parent = s.stray
}

// registration codes one registration; index is its place in the batch.
func (c *codec) registration(index int, r *civic.Registration) {
	before := &c.previous
	if index == 0 {
		*before = civic.Registration{Counter: c.First - 1, Area: c.Area}
		before.Sealed.Wall = c.Packed
	}
	r.Device = c.Device
	if ahead := r.Counter == before.Counter+1; c.flag(&c.env.ahead, ahead) {
		r.Counter = before.Counter + 1
	} else {
		r.Counter = before.Counter + uint64(c.number(c.key(1), 0, int64(r.Counter-before.Counter)))
	}
	c.link(index, r)
	steady := r.Area == before.Area && r.Officer == before.Officer && r.Form == before.Form &&
		slices.Equal(r.Services, before.Services) && r.Language == before.Language &&
		r.Started.Boot == before.Sealed.Boot && r.Sealed.Boot == before.Sealed.Boot &&
		offset(r.Started) == offset(before.Sealed) && offset(r.Sealed) == offset(before.Sealed)
	steady = index > 0 && c.flag(&c.env.steady, steady)
	if steady {
		r.Area, r.Officer, r.Form, r.Language = before.Area, before.Officer, before.Form, before.Language
		r.Services = slices.Clone(before.Services)
		r.Started.Boot, r.Sealed.Boot = before.Sealed.Boot, before.Sealed.Boot
	} else {
		c.circumstances(before, r)
		if c.failed {
			return
		}
	}
	c.times(before, r, steady)
	if c.flag(&c.env.corrects, !r.Corrects.IsZero()) {
		c.raw(r.Corrects[:])
	}
	if c.flag(&c.env.row, r.SourceRow != "") {
		r.SourceRow = c.text(&c.env.rows, 0, r.SourceRow)
	}
	c.began, c.today = r.Started.Wall, dayOf(r.Started.Wall)
	sh := c.sheetOf(r.Form)
	if sh == nil {
		c.fail()
		return
	}
	r.Answers = c.given(sh, r.Answers)
	if c.failed {
		return
	}
	c.agreed(before, r)
	c.attached(sh, r)
	c.previous = *r
}

func (c *codec) sheetOf(ref civic.FormRef) *sheet {
	for _, sh := range c.forms {
		if sh.ref == ref {
			return sh
		}
	}
	return nil
}

// link codes Previous where it travels.
func (c *codec) link(index int, r *civic.Registration) {
	travel := index == 0
	if index > 0 {
		travel = !c.flag(&c.env.linked, !travels(c.breaks, index))
		if c.decoding && travel {
			c.breaks = append(c.breaks, uint32(index))
		}
	} else if c.decoding {
		c.breaks = append(c.breaks, 0)
	}
	if travel {
		c.raw(r.Previous[:])
	} else {
		r.Previous = civic.Digest{}
	}
}

// circumstances codes who, where and for what.
func (c *codec) circumstances(before, r *civic.Registration) {
	if c.flag(&c.env.area, r.Area == c.Area) {
		r.Area = c.Area
	} else {
		r.Area = civic.Area(c.text(&c.env.areas, 0, string(r.Area)))
	}
	known := slices.Index(c.env.officers, r.Officer) + 1
	known = int(c.number(c.key(2), 0, int64(known)))
	switch {
	case known == 0:
		c.raw(r.Officer[:])
		c.env.officers = append(c.env.officers, r.Officer)
	case known < 0 || known > len(c.env.officers):
		c.fail()
		return
	default:
		r.Officer = c.env.officers[known-1]
	}
	at := slices.IndexFunc(c.forms, func(sh *sheet) bool { return sh.ref == r.Form })
	at = int(c.number(c.key(3), 0, int64(at)))
	if at < 0 || at >= len(c.forms) {
		c.fail()
		return
	}
	r.Form = c.forms[at].ref
	n := int(c.number(c.key(4), uint32(at), int64(len(r.Services))))
	if n < 0 || n > MaxServices {
		c.fail()
		return
	}
	if c.decoding {
		r.Services = nil
		if n > 0 {
			r.Services = make([]civic.ServiceID, n)
		}
	}
	for i := range r.Services {
		r.Services[i] = civic.ServiceID(c.text(&c.env.service, hash(uint32(at), uint32(i)), string(r.Services[i])))
	}
	r.Language = c.text(&c.env.language, 0, r.Language)
	r.Started.Boot = before.Sealed.Boot + uint32(c.number(c.key(5), 0, int64(int32(r.Started.Boot-before.Sealed.Boot))))
	r.Sealed.Boot = r.Started.Boot + uint32(c.number(c.key(6), 0, int64(int32(r.Sealed.Boot-r.Started.Boot))))
}

// offset is what the wall clock shows more than the clock that is never set; it
// stays the same for as long as the program runs and nobody sets the clock.
func offset(s civic.Stamp) int64 { return s.Wall - s.Mono }

// times codes the two stamps.
func (c *codec) times(before, r *civic.Registration, steady bool) {
	started, sealed := offset(r.Started), offset(r.Sealed)
	r.Started.Wall = before.Sealed.Wall + c.number(c.key(7), 0, r.Started.Wall-before.Sealed.Wall)
	r.Sealed.Wall = r.Started.Wall + c.number(c.key(8), 0, r.Sealed.Wall-r.Started.Wall)
	if steady {
		started, sealed = offset(before.Sealed), offset(before.Sealed)
	} else {
		started = offset(before.Sealed) + c.number(c.key(9), 0, started-offset(before.Sealed))
		sealed = started + c.number(c.key(10), 0, sealed-started)
	}
	r.Started.Mono = r.Started.Wall - started
	r.Sealed.Mono = r.Sealed.Wall - sealed
}

// agreed codes the consents.
func (c *codec) agreed(before, r *civic.Registration) {
	if c.flag(&c.env.agreed, slices.Equal(r.Consents, before.Consents)) {
		r.Consents = slices.Clone(before.Consents)
		return
	}
	n := int(c.number(c.key(11), uint32(len(r.Services)), int64(len(r.Consents))))
	if n < 0 || n > MaxConsents {
		c.fail()
		return
	}
	if c.decoding {
		r.Consents = make([]civic.Consent, n)
	}
	for i := range r.Consents {
		d := &r.Consents[i]
		d.Service = civic.ServiceID(c.text(&c.env.service, uint32(i)|64, string(d.Service)))
		d.Purpose = civic.Purpose(c.text(&c.env.purpose, hashText(string(d.Service)), string(d.Purpose)))
		d.Given = c.flag(&c.env.given[min(i, 3)], d.Given)
		if c.flag(&c.env.sameSpeech, d.Language == r.Language) {
			d.Language = r.Language
		} else {
			d.Language = c.text(&c.env.language, 1, d.Language)
		}
		d.ReadAloud = c.flag(&c.env.aloud[min(i, 3)], d.ReadAloud)
		if c.allTold {
			c.told(i, d)
		}
		if c.failed || c.beyond() {
			c.failed = true
			return
		}
	}
}

// notice is the words somebody was asked with.
type notice struct {
	name  string
	words civic.Digest
}

// maxNotices bounds those that are remembered; further ones are written out.
const maxNotices = 256

// told codes what is seldom said of a consent: the one agency it is about,
// whether it takes back a yes, which words were shown, and who spoke.
func (c *codec) told(i int, d *civic.Consent) {
	if !c.flag(&c.env.whole, d.Agency == "" && !d.Withdrawn) {
		d.Agency = c.text(&c.env.agency, 0, d.Agency)
		d.Withdrawn = c.flag(&c.env.takenBack, d.Withdrawn)
	}
	d.By = civic.Speaker(c.number(c.key(14), uint32(min(i, 3)), int64(d.By)))
	known := slices.Index(c.env.notices, notice{d.Notice, d.Words}) + 1
	known = int(c.number(c.key(15), hashText(string(d.Service)+" "+d.Language), int64(known)))
	switch {
	case known == 0:
		d.Notice = c.text(&c.env.notice, 0, d.Notice)
		c.raw(d.Words[:])
		if len(c.env.notices) < maxNotices {
			c.env.notices = append(c.env.notices, notice{d.Notice, d.Words})
		}
	case known < 0 || known > len(c.env.notices):
		c.fail()
	default:
		d.Notice, d.Words = c.env.notices[known-1].name, c.env.notices[known-1].words
	}
}

// attached codes the attachments; their names mostly stand in the answers.
func (c *codec) attached(sh *sheet, r *civic.Registration) {
	var names []string
	for _, a := range r.Answers {
		if q := sh.questionAt(a.Path); q != nil && q.kind.Attachment() && a.Value != "" {
			names = append(names, a.Value)
		}
	}
	n := int(c.number(c.key(12), uint32(len(names)), int64(len(r.Attachments))))
	if n < 0 || n > MaxAttachments {
		c.fail()
		return
	}
	if c.decoding && n > 0 {
		r.Attachments = make([]civic.Attachment, n)
	}
	for i := range r.Attachments {
		a := &r.Attachments[i]
		if i < len(names) && c.flag(&c.env.named, a.Name == names[i]) {
			a.Name = names[i]
		} else {
			a.Name = c.text(&c.env.name, 0, a.Name)
		}
		a.Media = c.text(&c.env.media, 0, a.Media)
		a.Size = c.number(c.key(13), 0, a.Size)
		c.raw(a.Digest[:])
		if c.failed || c.beyond() {
			c.failed = true
			return
		}
	}
}
