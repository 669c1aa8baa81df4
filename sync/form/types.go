package form

import (
	"regexp"
	"strings"
)

// typeNames maps what a type may be called to its kind. Kinds that the kit
// cannot ask yet are named too, so that the refusal can say so.
var typeNames = map[string]Kind{
	"text": Text, "string": Text, "add text prompt": Text, "q string": Text,
	"integer": Integer, "int": Integer, "add integer prompt": Integer, "q int": Integer,
	"decimal": Decimal, "add decimal prompt": Decimal, "q decimal": Decimal,
	"date": Date, "q date": Date, "add date prompt": Date,
	"time": Time, "datetime": DateTime, "date time": DateTime, "q datetime": DateTime,
	"range": Range,
	"image": Image, "photo": Image, "q picture": Image, "add image prompt": Image, "picture": Image,
	"audio": Audio, "q audio": Audio, "add audio prompt": Audio, "video": Video, "q video": Video, "add video prompt": Video, "file": File, "add file prompt": File,
	"percentage": Integer, "number of days in last month": Integer, "number of days in last six months": Integer, "number of days in last year": Integer,
	"q acknowledge": Acknowledge, "add date time prompt": DateTime, "q date time": DateTime, "add datetime prompt": DateTime,
	"barcode": Barcode, "q barcode": Barcode, "add barcode prompt": Barcode,
	"acknowledge": Acknowledge, "trigger": Acknowledge, "add acknowledge prompt": Acknowledge, "add acknowledgement prompt": Acknowledge, "acknowledge prompt": Acknowledge,
	"geopoint": Geopoint, "gps": Geopoint, "location": Geopoint, "q location": Geopoint, "q geopoint": Geopoint, "add location prompt": Geopoint,
	"geotrace": Geotrace, "q geotrace": Geotrace, "geoshape": Geoshape, "q geoshape": Geoshape,
	"note": Note, "add note prompt": Note, "q note": Note,
	"calculate": Calculate, "calculation": Calculate, "add calculate prompt": Calculate, "q calculate": Calculate,
	"hidden": Hidden, "hide": Hidden,
	"phone number": Text,
	"email":        Meta, "phonenumber": Meta, "get phone number": Meta, "username": Meta,
	"start": Meta, "start time": Meta, "get start time": Meta, "end": Meta, "end time": Meta, "get end time": Meta,
	"today": Meta, "get today": Meta, "deviceid": Meta, "device id": Meta, "get device id": Meta, "imei": Meta, "simserial": Meta, "sim id": Meta, "get sim id": Meta,
	"subscriberid": Meta, "subscriber id": Meta, "get subscriber id": Meta, "uri:subscriberid": Meta, "uri:simserial": Meta, "uri:deviceid": Meta,
	"uri:phonenumber": Meta, "uri:username": Meta, "uri:email": Meta,
	"audit": Meta, "start-geopoint": Meta, "background-audio": Meta, "background-geopoint": Meta,
	"csv-external": Hidden, "xml-external": Hidden,
}

// impliedConstraint are the limits that some old types bring along.
var impliedConstraint = map[string]string{
	"percentage": "0 <= . and . <= 100", "number of days in last month": "0 <= . and . <= 31",
	"number of days in last six months": "0 <= . and . <= 183", "number of days in last year": "0 <= . and . <= 365",
	"phone number": `regex(., '^\d*$')`,
}

// metaSource says where metadata come from.
var metaSource = map[string]string{
	"start": "start", "start time": "start", "get start time": "start", "end": "end", "end time": "end", "get end time": "end",
	"today": "today", "get today": "today",
	"deviceid": "device", "device id": "device", "get device id": "device", "imei": "device", "uri:deviceid": "device",
	"username": "officer", "uri:username": "officer",
}

// selectType is the type of a question with choices, taken apart.
type selectType struct {
	kind  Kind
	list  string
	file  bool // the list is a file's name
	other bool // or_other
	// external marks select_one_external, whose list is on another sheet.
	external bool
}

var selectForm = regexp.MustCompile(`^(select one from file|select_one_from_file|select multiple from file|select_multiple_from_file|select one external|select_one_external|select_one|select one from|select one|select1|select_multiple|select multiple|select all that apply from|select all that apply|add select one prompt using|add select multiple prompt using|q select1|q select|rank)\s+(\S+)(?:\s+(or_other|or specify other|or other))?$`)

func parseSelect(typ string) (selectType, bool) {
	m := selectForm.FindStringSubmatch(typ)
	if m == nil {
		return selectType{}, false
	}
	s := selectType{kind: SelectOne, list: m[2], other: m[3] != ""}
	word := strings.ReplaceAll(m[1], " ", "_")
	switch {
	case word == "rank":
		s.kind = Rank
	case strings.Contains(word, "multiple"), strings.Contains(word, "all"), word == "q_select":
		s.kind = SelectMany
	}
	s.file = strings.HasSuffix(word, "from_file")
	s.external = strings.HasSuffix(word, "external")
	return s, true
}

// orOther is how a type asks for a choice "other".
var orOther = regexp.MustCompile(`\s+(or_other|or specify other|or other)\s*$`)

// begin and end lines of groups and repeats.
var (
	beginForm = regexp.MustCompile(`^begin[ _](group|repeat|lgroup|looped group|loop)\b\s*(.*)$`)
	endForm   = regexp.MustCompile(`^end[ _](group|repeat|lgroup|looped group|loop)\b`)
)
