// Package access says who may speak to the centre: it holds the registry's
// keys, enrols kits by one-time codes, lends them leases, vouches for their
// keys in the bundle, and lets staff sign in.
//
// [Init] makes a new centre's keys in a folder; [OpenKeys] reads them; [New]
// joins them with the ledger. The keys and what each is for:
//
//	root       Ed25519, a self-signed certificate. Kits pin it by their enrolment
//	           code. Signs the server's certificate and the key bundle.
//	statements Ed25519. Signs acknowledgements, leases and forms.
//	tls        P-256, signed by the root, renewed here without touching kits.
//	registry   age hybrid identity: batches and kit secrets are sealed to it.
//	data       the key of the registry's rows, in a file sealed to the registry.
//	recovery   age hybrid identity every data key is wrapped to. The centre needs
//	           only its public half (recovery.pub): move recovery.age to a safe.
//
// Each is a file of its own, readable by its owner only, and the folder may lie
// on another disk or host than the ledger (serve --keys): whoever holds the
// database alone reads no citizen's answer. Enrolment secrets and session
// tokens stand in the ledger as hashes, kit secrets sealed to the registry.
package access
