package spdci

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// Limits of one message.
const (
	maxID       = 99 // bytes of an identifier
	maxRequests = 20 // questions in a message
	maxCodes    = 100
	maxURI      = 2048
)

// header is a message's header, ours and theirs.
type header struct {
	Version    string          `json:"version,omitempty"`
	ID         string          `json:"message_id"`
	TS         string          `json:"message_ts"`
	Action     string          `json:"action"`
	Status     string          `json:"status,omitempty"`
	Reason     string          `json:"status_reason_code,omitempty"`
	Sentence   string          `json:"status_reason_message,omitempty"`
	SenderID   string          `json:"sender_id,omitempty"`
	SenderURI  string          `json:"sender_uri,omitempty"`
	ReceiverID string          `json:"receiver_id,omitempty"`
	Total      json.Number     `json:"total_count,omitempty"`
	Completed  json.Number     `json:"completed_count,omitempty"`
	Encrypted  bool            `json:"is_msg_encrypted,omitempty"`
	Meta       json.RawMessage `json:"meta,omitempty"`
}

// meta is what our profile reads of the header's meta: the citizen's own
// request, and the preview of EU OOTS.
type meta struct {
	Explicit  string `json:"explicit_request"`
	Procedure string `json:"procedure"`
	Preview   bool   `json:"preview"`   // tell which fields would be sent, and no value
	Previewed bool   `json:"previewed"` // the citizen saw the values
}

type searchRequest struct {
	Txn      string       `json:"transaction_id"`
	Requests []searchItem `json:"search_request"`
}

type searchItem struct {
	Reference string   `json:"reference_id"`
	TS        string   `json:"timestamp"`
	Criteria  criteria `json:"search_criteria"`
	Locale    string   `json:"locale,omitempty"`
}

type criteria struct {
	Version    string          `json:"version,omitempty"`
	RegType    string          `json:"reg_type,omitempty"`
	RecordType string          `json:"reg_record_type,omitempty"`
	Entity     string          `json:"response_entity,omitempty"`
	QueryType  string          `json:"query_type"`
	Query      json.RawMessage `json:"query"`
	Sort       []sorting       `json:"sort,omitempty"`
	Page       *page           `json:"pagination,omitempty"`
	Consent    *why            `json:"consent,omitempty"`
	Authorize  *why            `json:"authorize,omitempty"`
	// Fields narrows the answer; an extension of ours, all that is agreed when
	// it is left out.
	Fields []string `json:"fields,omitempty"`
}

type sorting struct {
	Attribute string `json:"attribute_name"`
	Order     string `json:"sort_order"`
}

type page struct {
	Size   json.Number  `json:"page_size"`
	Number json.Number  `json:"page_number,omitempty"`
	Total  *json.Number `json:"total_count,omitempty"`
}

// why is consent and authorize: when, and what for.
type why struct {
	TS      string `json:"ts"`
	Purpose struct {
		Text string `json:"text"`
		Code string `json:"code"`
		Ref  string `json:"ref_uri"`
	} `json:"purpose"`
}

type searchResponse struct {
	Txn         string         `json:"transaction_id"`
	Correlation string         `json:"correlation_id"`
	Responses   []responseItem `json:"search_response"`
}

type responseItem struct {
	Reference string  `json:"reference_id"`
	TS        string  `json:"timestamp"`
	Status    string  `json:"status"`
	Reason    string  `json:"status_reason_code,omitempty"`
	Sentence  string  `json:"status_reason_message,omitempty"`
	Data      *data   `json:"data,omitempty"`
	Page      *paging `json:"pagination,omitempty"`
	Locale    string  `json:"locale,omitempty"`
}

type data struct {
	Version    string           `json:"version"`
	RegType    string           `json:"reg_type"`
	EventType  string           `json:"reg_event_type,omitempty"`
	RecordType string           `json:"reg_record_type"`
	Records    []map[string]any `json:"reg_records"`
}

type paging struct {
	Size   int `json:"page_size"`
	Number int `json:"page_number"`
	Total  int `json:"total_count"`
}

type subscribeRequest struct {
	Txn      string          `json:"transaction_id"`
	Requests []subscribeItem `json:"subscribe_request"`
}

type subscribeItem struct {
	Reference string `json:"reference_id"`
	TS        string `json:"timestamp"`
	Criteria  struct {
		Version    string          `json:"version,omitempty"`
		RegType    string          `json:"reg_type,omitempty"`
		EventType  string          `json:"reg_event_type"`
		Frequency  *frequency      `json:"frequency,omitempty"`
		FilterType string          `json:"filter_type,omitempty"`
		Filter     json.RawMessage `json:"filter"`
		RecordType string          `json:"notify_record_type"`
		Authorize  *why            `json:"authorize,omitempty"`
	} `json:"subscribe_criteria"`
	Locale string `json:"locale,omitempty"`
}

type frequency struct {
	Start string `json:"start_time"`
	End   string `json:"end_time"`
	Cron  string `json:"frequency"`
}

type subscribeResponse struct {
	Txn         string           `json:"transaction_id"`
	Correlation string           `json:"correlation_id"`
	Responses   []subscribedItem `json:"subscribe_response"`
}

type subscribedItem struct {
	Reference     string         `json:"reference_id"`
	TS            string         `json:"timestamp"`
	Status        string         `json:"status"`
	Reason        string         `json:"status_reason_code,omitempty"`
	Sentence      string         `json:"status_reason_message,omitempty"`
	Subscriptions []subscription `json:"subscriptions,omitempty"`
}

type subscription struct {
	Version    string `json:"version"`
	Code       string `json:"code"`
	Status     string `json:"status"`
	TS         string `json:"timestamp"`
	EventType  string `json:"reg_event_type,omitempty"`
	RecordType string `json:"notify_record_type,omitempty"`
}

type unsubscribeRequest struct {
	Txn   string   `json:"transaction_id"`
	TS    string   `json:"timestamp"`
	Codes []string `json:"subscription_codes"`
}

type unsubscribeResponse struct {
	Txn         string         `json:"transaction_id"`
	Correlation string         `json:"correlation_id"`
	TS          string         `json:"timestamp"`
	Status      string         `json:"status"`
	Reason      string         `json:"status_reason_code,omitempty"`
	Sentence    string         `json:"status_reason_message,omitempty"`
	States      []subscription `json:"subscription_status,omitempty"`
}

type statusRequest struct {
	Txn     string `json:"transaction_id"`
	Request struct {
		Reference string          `json:"reference_id"`
		Type      string          `json:"txn_type"`
		Attribute string          `json:"attribute_type"`
		Value     json.RawMessage `json:"attribute_value"`
		Locale    string          `json:"locale,omitempty"`
	} `json:"txnstatus_request"`
}

type statusResponse struct {
	Txn         string `json:"transaction_id"`
	Correlation string `json:"correlation_id"`
	Response    struct {
		Type   string `json:"txn_type"`
		Status any    `json:"txn_status"`
	} `json:"txnstatus_response"`
}

type notifyRequest struct {
	Txn    string       `json:"transaction_id"`
	Events []notifyItem `json:"notify_event"`
}

type notifyItem struct {
	Reference string     `json:"reference_id"`
	TS        string     `json:"timestamp"`
	Data      notifyData `json:"data"`
	Locale    string     `json:"locale,omitempty"`
}

type notifyData struct {
	Version    string         `json:"version"`
	RegType    string         `json:"reg_type"`
	EventType  string         `json:"reg_event_type"`
	RecordType string         `json:"reg_record_type"`
	Records    map[string]any `json:"reg_records"`
}

// decode reads one JSON value and nothing behind it.
func decode(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows")
	}
	return nil
}

// whole reads a count.
func whole(n json.Number, otherwise int) (int, bool) {
	if n == "" {
		return otherwise, true
	}
	v, err := n.Int64()
	return int(v), err == nil && v >= 0 && v < 1<<31
}

func moment(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

func id(s string) bool { return s != "" && len(s) <= maxID }
