package capture

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/askonce/fieldkit/sync/civic"
)

// HeldPurpose is the purpose under which a refusal to let this service use what
// others hold is recorded with the registration.
const HeldPurpose civic.Purpose = "held"

// reuse is what an interview knows of answers that are held.
type reuse struct {
	planner *Planner
	offered map[string]bool // shown once already; what was cleared stays cleared
	put     map[string]Why  // to be asked all the same
}

// Reuse gives the interview what is held of the people it concerns. In a new
// interview, the repeats they stand in are opened and what need not be confirmed is filled
// in; in one that goes on nothing changes. people may be nil when the draft
// says already who they are.
func (iv *Interview) Reuse(ctx context.Context, p *Planner, people map[string]Ref) error {
	return iv.change(ctx, func() error {
		iv.reuse = &reuse{planner: p, offered: map[string]bool{}, put: map[string]Why{}}
		fresh := len(iv.draft.People) == 0
		if fresh {
			iv.draft.People = maps.Clone(people)
			return openRepeats(iv.session, iv.visit())
		}
		for _, l := range iv.lines("") {
			iv.reuse.offered[l.Path] = l.Way == Show
		}
		return nil
	})
}

// visit is what the planner is asked about.
func (iv *Interview) visit() Visit {
	return Visit{
		Service: iv.form.Service(), People: iv.draft.People, Now: iv.stamp().Time(),
		Refused: refusedHeld(iv.form.Service(), iv.draft.Consents),
	}
}

func refusedHeld(s civic.ServiceID, consents []civic.Consent) bool {
	return slices.ContainsFunc(consents, func(c civic.Consent) bool {
		return c.Service == s && c.Purpose == HeldPurpose && c.Agency == "" && !c.Given
	})
}

func (iv *Interview) lines(lang string) []Line {
	if lang == "" {
		lang = iv.draft.Language
	}
	if iv.reuse == nil {
		return (&Planner{}).lines(iv.session, lang, iv.visit(), nil)
	}
	return iv.reuse.planner.lines(iv.session, lang, iv.visit(), iv.reuse.put)
}

// fill shows what is held and came up with the last answer. What was shown once
// and cleared is asked.
func (iv *Interview) fill() error {
	if iv.reuse == nil || len(iv.draft.People) == 0 {
		return nil
	}
	for range passes {
		filled := false
		for _, l := range iv.lines("") {
			if l.Way != Show || l.Taken {
				continue
			}
			if iv.reuse.offered[l.Path] {
				iv.reuse.put[l.Path] = WhyChanged
				continue
			}
			iv.reuse.offered[l.Path], filled = true, true
			if err := iv.session.Set(l.Path, l.Held.Answer); err != nil {
				return err
			}
		}
		if !filled {
			return nil
		}
	}
	return nil
}

// StillSo are the questions of the page "is this still so?": held answers that
// may have changed, to be taken with Confirm, or corrected with Set as any question.
// Those said to be still so are no longer among them.
func (iv *Interview) StillSo(lang string) []Line {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	var out []Line
	for _, l := range iv.lines(lang) {
		if l.Way == Confirm && !l.Taken {
			out = append(out, l)
		}
	}
	return out
}

// Confirm takes held answers as still so: those of the paths, or without any
// path all of StillSo.
func (iv *Interview) Confirm(ctx context.Context, paths ...string) error {
	return iv.change(ctx, func() error {
		for _, l := range iv.lines("") {
			if l.Way != Confirm || l.Taken || len(paths) > 0 && !slices.Contains(paths, l.Path) {
				continue
			}
			if err := iv.session.Set(l.Path, l.Held.Answer); err != nil {
				return err
			}
		}
		return nil
	})
}

// Anew says that a held answer no longer holds: the question is asked, empty.
func (iv *Interview) Anew(ctx context.Context, path string) error {
	return iv.change(ctx, func() error {
		if iv.reuse != nil {
			iv.reuse.put[path] = WhyChanged
		}
		return iv.session.Set(path, civic.Answer{})
	})
}

// RefuseReuse records whether the citizen wants this service to ask everything
// anew. What was filled in is taken out again.
func (iv *Interview) RefuseReuse(ctx context.Context, refused bool) error {
	return iv.change(ctx, func() error {
		service := iv.form.Service()
		if refused && iv.reuse != nil {
			for _, l := range iv.lines("") {
				if !l.Taken {
					continue
				}
				if err := iv.session.Set(l.Path, civic.Answer{}); err != nil {
					return err
				}
			}
			iv.reuse.offered = map[string]bool{}
		}
		iv.draft.Consents = slices.DeleteFunc(slices.Clone(iv.draft.Consents), func(c civic.Consent) bool {
			return c.Service == service && c.Purpose == HeldPurpose
		})
		if refused {
			iv.draft.Consents = append(iv.draft.Consents, civic.Consent{Service: service, Purpose: HeldPurpose, Language: iv.draft.Language})
		}
		return nil
	})
}

// AddKnown opens one more of a repeat for somebody the kit knows.
func (iv *Interview) AddKnown(ctx context.Context, repeat string, who Ref) (path string, err error) {
	err = iv.change(ctx, func() error {
		if path, err = iv.session.AddInstance(repeat); err != nil {
			return err
		}
		people := maps.Clone(iv.draft.People)
		if people == nil {
			people = map[string]Ref{}
		}
		people[subjectOf(path)] = who
		iv.draft.People = people
		return nil
	})
	return path, err
}

// removed moves the people behind a removed instance up.
func (iv *Interview) removed(path string) {
	name, n := numbered(subjectOf(path))
	if n == 0 || len(iv.draft.People) == 0 {
		return
	}
	people := map[string]Ref{}
	for subject, r := range iv.draft.People {
		other, i := numbered(subject)
		switch {
		case other != name || i < n:
			people[subject] = r
		case i > n:
			people[name+"["+strconv.Itoa(i-1)+"]"] = r
		}
	}
	iv.draft.People = people
	if iv.reuse != nil { // paths behind it name other people now
		repeat := path[:strings.LastIndex(path, "[")]
		for p := range iv.reuse.offered {
			if strings.HasPrefix(p, repeat+"[") {
				delete(iv.reuse.put, p)
				iv.reuse.offered[p] = true
			}
		}
	}
}

// subjectOf is the subject that an instance of a repeat stands for:
// "home/siblings[2]" is "siblings[2]".
func subjectOf(path string) string {
	var steps []string
	for _, step := range strings.Split(path, "/") {
		if strings.Contains(step, "[") {
			steps = append(steps, step)
		}
	}
	return strings.Join(steps, "/")
}

// Origin tells of one question how it is dealt with: where a shown answer comes
// from, or why it is asked.
func (iv *Interview) Origin(path string) (Line, bool) {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	for _, l := range iv.lines("") {
		if l.Path == path {
			return l, true
		}
	}
	return Line{}, false
}

// Plan is how every question that is relevant now is dealt with, for a page that
// shows it all.
func (iv *Interview) Plan(lang string) Plan {
	iv.mu.Lock()
	defer iv.mu.Unlock()
	return planOf(iv.form, iv.lines(lang))
}
