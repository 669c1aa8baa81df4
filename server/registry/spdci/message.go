package spdci

import (
	"encoding/json"

	"github.com/askonce/fieldkit/sync/civic"
)

// version is the standard's, as it stands in messages.
const version = "1.0.0"

type envelope struct {
	Signature string `json:"signature"`
	Header    header `json:"header"`
	Message   any    `json:"message"`
}

type header struct {
	Version    string `json:"version"`
	MessageID  string `json:"message_id"`
	MessageTS  string `json:"message_ts"`
	Action     string `json:"action"`
	Status     string `json:"status,omitempty"` // of a notification
	SenderID   string `json:"sender_id"`
	ReceiverID string `json:"receiver_id,omitempty"`
	TotalCount int    `json:"total_count"`
	IsEnc      bool   `json:"is_msg_encrypted"`
}

type searchMessage struct {
	TransactionID string          `json:"transaction_id"`
	SearchRequest []searchRequest `json:"search_request"`
}

type searchRequest struct {
	ReferenceID    string         `json:"reference_id"`
	Timestamp      string         `json:"timestamp"`
	SearchCriteria searchCriteria `json:"search_criteria"`
	Locale         string         `json:"locale"`
}

type searchCriteria struct {
	Version       string     `json:"version"`
	RegType       string     `json:"reg_type"`
	RegRecordType string     `json:"reg_record_type"`
	QueryType     string     `json:"query_type"`
	Query         any        `json:"query"`
	Pagination    pagination `json:"pagination"`
	Consent       grounds    `json:"consent"`
	Authorize     grounds    `json:"authorize"`
}

type pagination struct {
	PageSize   int `json:"page_size"`
	PageNumber int `json:"page_number"` // from 1
}

// grounds say for what somebody is looked for.
type grounds struct {
	TS      string  `json:"ts"`
	Purpose purpose `json:"purpose"`
}

type purpose struct {
	Text   string `json:"text"`
	Code   string `json:"code"`
	RefURI string `json:"ref_uri"`
}

type notifyMessage struct {
	TransactionID string        `json:"transaction_id"`
	NotifyEvent   []notifyEvent `json:"notify_event"`
}

type notifyEvent struct {
	ReferenceID string     `json:"reference_id"`
	Timestamp   string     `json:"timestamp"`
	Data        notifyData `json:"data"`
	Locale      string     `json:"locale"`
}

type notifyData struct {
	Version       string         `json:"version"`
	RegType       string         `json:"reg_type"`
	RegEventType  string         `json:"reg_event_type"`
	RegRecordType string         `json:"reg_record_type"`
	RegRecords    map[string]any `json:"reg_records"`
}

// answer is what is read of the other side's messages.
type answer struct {
	Header struct {
		Action           string `json:"action"`
		Status           string `json:"status"`
		StatusReasonCode string `json:"status_reason_code"`
	} `json:"header"`
	Message struct {
		AckStatus      string `json:"ack_status"`
		SearchResponse []struct {
			ReferenceID      string `json:"reference_id"`
			Status           string `json:"status"`
			StatusReasonCode string `json:"status_reason_code"`
			Data             struct {
				RegRecords json.RawMessage `json:"reg_records"`
			} `json:"data"`
		} `json:"search_response"`
		Error *struct {
			Code string `json:"code"`
		} `json:"error"`
	} `json:"message"`
}

// texts reads one text or a list of them.
type texts []string

func (t *texts) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = texts{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(b, &many); err != nil {
		return err
	}
	*t = many
	return nil
}

type identifier struct {
	Type  string `json:"identifier_type"`
	Value string `json:"identifier_value"`
}

// identifiers reads one identifier or a list of them.
type identifiers []identifier

func (t *identifiers) UnmarshalJSON(b []byte) error {
	var one identifier
	if json.Unmarshal(b, &one) == nil {
		*t = identifiers{one}
		return nil
	}
	var many []identifier
	if err := json.Unmarshal(b, &many); err != nil {
		return err
	}
	*t = many
	return nil
}

// record is a CRVS_Person as far as it is read.
type record struct {
	ID         string      `json:"@id"`
	Identifier identifiers `json:"identifier"`
	Name       struct {
		Surname    string `json:"surname"`
		GivenName  string `json:"given_name"`
		SecondName string `json:"second_name"`
	} `json:"name"`
	Phone     texts  `json:"phone_number"`
	Email     texts  `json:"email"`
	Sex       string `json:"sex"`
	BirthDate string `json:"birth_date"`
	Address   struct {
		Line1    string `json:"address_line1"`
		Line2    string `json:"address_line2"`
		Locality string `json:"locality"`
		Sub      string `json:"sub_region_code"`
		Region   string `json:"region_code"`
		Postal   string `json:"postal_code"`
	} `json:"address"`
	Marital string `json:"marital_status"`
}

// numbered are the attributes that stand as identifiers.
var numbered = []civic.Attribute{"national_id", "other_id"}

// personType is under what the centre's numbers of persons stand.
const personType = "ASKONCE"
