// Package protocol holds the messages that kit and centre exchange, version 1,
// and the statements the registry signs. It knows neither end.
//
// Every message is deterministic CBOR with whole numbers as keys ([Marshal],
// [Unmarshal], with limits beside each type). Statements that must outlive a
// connection are signed: [SignStatement] wraps a payload in COSE_Sign1.
// docs/protocol.md tells the whole exchange, byte by byte.
//
// The calls, all over TLS 1.3 with a server certificate that the registry's
// root signed; a kit shows a client certificate of its transport key:
//
//	GET   /v1/bundle      the root's certificate and the signed KeyBundle
//	POST  /v1/enrol       EnrolRequest  -> EnrolAnswer
//	POST  /v1/sync        SyncRequest   -> SyncAnswer
//	POST  /v1/uploads     tus 1.0 creation; HEAD and PATCH on what it names
//	GET   /v1/healthz     plain text "ok"
package protocol
