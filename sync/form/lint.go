package form

import (
	"fmt"
	"regexp"
	"strings"
)

// lint looks at what can only be judged once the whole form is known; entities
// tells whether the workbook declares any.
func (b *builder) lint(entities bool) {
	searching := map[*choiceList]*element{}
	b.root.each(func(e *element) {
		if e.parent == nil || e.internal {
			return
		}
		at := Finding{Path: e.path, Sheet: "survey", Row: e.row}
		b.checkParameters(e)
		b.checkWording(e, at)
		b.checkSaveTo(e, at)
		if e.cells["save_to"] != "" && !entities {
			entities = true // said once
			at := at
			at.Code, at.Column, at.Message = codeEntity, "save_to", "There is no sheet of entities to save to."
			at.Repair = "took the name for the attribute the answer tells of the person"
			b.warn(at)
		}
		b.checkTriggers(e, at)
		if search := strings.Contains(e.appearance, "search("); e.list != nil {
			if other, ok := searching[e.list]; ok && (search != strings.Contains(other.appearance, "search(")) {
				at.Code, at.Column = codeListMissing, "appearance"
				at.Message = fmt.Sprintf("The list %s is searched in a file by one question and shown as it is by another.", e.list.name)
				b.fault(at)
			}
			searching[e.list] = e
		} else if search && e.file != "" {
			at.Code, at.Column, at.Message = codeListMissing, "appearance", "Choices from a file cannot be searched with search()."
			b.fault(at)
		}
	})
	b.checkSettings()
	b.checkPatterns()
}

// pattern finds the patterns of regex() that fit a part only because other
// programs look anywhere in the answer.
var pattern = regexp.MustCompile(`regex\s*\([^,()]*,\s*('[^']*'|"[^"]*")\s*\)`)

// checkPatterns tells where regex() means another thing in web forms: here the
// whole answer must fit, as the documentation has it.
func (b *builder) checkPatterns() {
	b.root.each(func(e *element) {
		for _, m := range pattern.FindAllStringSubmatch(e.cells["constraint"], -1) {
			p := m[1][1 : len(m[1])-1]
			if strings.HasPrefix(p, "^") && strings.HasSuffix(p, "$") || strings.HasPrefix(p, ".*") && strings.HasSuffix(p, ".*") {
				continue
			}
			b.warn(Finding{Code: codeRegex, Path: e.path, Sheet: "survey", Row: e.row, Column: "constraint",
				Message: "The whole answer must fit this pattern; write ^ and $ around it so that every program agrees."})
		}
	})
}

// outOfScope names what the kit keeps in the model but cannot ask.
func outOfScope(e *element) string {
	switch typ := strings.ToLower(e.typ); {
	case e.kind == Rank:
		return "questions of order (rank)"
	case e.kind == Geotrace:
		return "lines on a map (geotrace)"
	case e.kind == Geoshape:
		return "areas on a map (geoshape)"
	case e.kind == Audio:
		return "sound recordings"
	case e.kind == Video:
		return "videos"
	case e.kind == File:
		return "files of any kind (file); a photo is asked for as image"
	case typ == "audit":
		return "the audit log"
	case typ == "background-audio" || typ == "start-geopoint" || typ == "background-geopoint":
		return "recording in the background (" + typ + ")"
	case strings.HasPrefix(typ, "osm"):
		return "map tags (osm)"
	case strings.Contains(e.appearance, "ex:") || strings.HasPrefix(e.cells["intent"], "ex:"):
		return "other apps (ex:)"
	}
	return ""
}

// checkWording wants a label or a hint on everything a person reads.
func (b *builder) checkWording(e *element, at Finding) {
	if what := outOfScope(e); what != "" {
		e.beyond = true
		scope := at
		scope.Code, scope.Column = codeTypeScope, "type"
		scope.Message = "The kit cannot ask for " + what + "; the question is left out."
		b.warn(scope)
	}
	if e.media["big-image"] != nil && e.media["image"] == nil {
		at.Code, at.Column, at.Message = codeLabelMissing, "big-image", "A big image needs an image beside it."
		b.fault(at)
	}
	if e.container() || e.kind == Calculate || e.kind == Hidden || e.kind == Meta || e.typed {
		return
	}
	if len(e.label) == 0 && len(e.hint) == 0 && len(e.media) == 0 {
		at.Code, at.Column, at.Words = codeLabelMissing, "label", []string{e.name}
		at.Message = "The question " + e.name + " has neither a label nor a hint."
		b.fault(at)
	}
}

// mentions is one mention and nothing else.
var mentions = regexp.MustCompile(`^\s*\$\{[^{}]*\}\s*$`)

// checkTriggers wants a list of visible questions.
func (b *builder) checkTriggers(e *element, at Finding) {
	text := e.cells["trigger"]
	if e.typ == "background-geopoint" && (text == "" || e.cells["calculation"] != "") {
		at.Code, at.Column, at.Message = codeTrigger, "trigger", "A place taken in the background needs a trigger and has no calculation."
		b.fault(at)
	}
	if text == "" {
		return
	}
	at.Code, at.Column = codeTrigger, "trigger"
	for _, part := range strings.Split(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		if !mentions.MatchString(part) {
			at.Message = "A trigger is a question as ${name}; several need commas between them."
			b.fault(at)
			return
		}
	}
	for _, t := range e.triggers {
		if t.kind == Calculate || t.kind == Hidden || t.kind == Meta || t.typed || t.container() {
			at.Words = []string{t.name}
			at.Message = "Nobody sees the question " + t.name + ", so it cannot be a trigger."
			b.fault(at)
		}
	}
}

func (b *builder) checkSettings() {
	at := Finding{Sheet: "settings", Row: b.settingsRow, Code: codeSetting}
	for _, key := range []string{"name", "instance_name"} {
		v := b.settings[key]
		if v == "" {
			continue
		}
		at.Column = key
		if key == "name" && !tag.MatchString(v) {
			at.Message = "The name of the form's root must begin with a letter and hold only letters, digits, _, - and dots."
			b.fault(at)
		}
		if key == "instance_name" {
			for _, m := range mention.FindAllStringSubmatch(v, -1) {
				b.find(m[2], at)
			}
		}
	}
	if yes(b.settings["flat"]) {
		at.Column, at.Code, at.Message = "flat", codeTypeScope, "Groups are kept; the setting flat is not used."
		b.warn(at)
	}
	if b.settings["public_key"] != "" {
		at.Column, at.Code, at.Message = "public_key", codeTypeScope, "The kit seals registrations itself; the form's own key is not used."
		b.warn(at)
	}
}
