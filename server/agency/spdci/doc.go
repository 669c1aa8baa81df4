// Package spdci speaks SPDCI v1.0.0 with agencies: CRVS and Social, at once
// (sync) and by callback. [New] makes a [Server]; [Server.Routes] adds its paths
// and [Server.Run] sends what goes out later.
//
// Our profile: every request is signed (a compact JWS over the canonical bytes
// of header and message), names its purpose, is taken once and within five
// minutes of its timestamp, and is for people the agency can name: by a number,
// or by enough of name, date and place.
package spdci
