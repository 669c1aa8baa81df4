package share

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/askonce/fieldkit/server/ledger"
	"github.com/askonce/fieldkit/sync/agreement"
	"github.com/askonce/fieldkit/sync/civic"
)

// TokenLife is how long a token serves.
const TokenLife = 10 * time.Minute

// NewClient gives an agency's programs an id and a secret of 256 random bits,
// shown this once; its hash is kept.
func (s *Share) NewClient(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, actor string) (client, secret string, err error) {
	if _, err := s.Agency(ctx, tx, agency); err != nil {
		return "", "", err
	}
	raw := make([]byte, 40)
	if _, err := io.ReadFull(s.Rand, raw); err != nil {
		return "", "", err
	}
	client, secret = string(agency)+"-"+hex.EncodeToString(raw[:8]), base64.RawURLEncoding.EncodeToString(raw[8:])
	hash := sha256.Sum256([]byte(secret))
	_, err = tx.Exec(ctx, "INSERT INTO share_client (client, agency, secret, made_at) VALUES (?1, ?2, ?3, ?4)", client, string(agency), hash[:], s.Clock().Unix())
	if err != nil {
		return "", "", err
	}
	return client, secret, note(ctx, tx, s.Clock(), actor, "agency_client", client)
}

// EndClient takes a client's right to sign in, and its tokens.
func (s *Share) EndClient(ctx context.Context, tx ledger.Tx, client, actor string) error {
	n, err := tx.Exec(ctx, "UPDATE share_client SET revoked_at = ?2 WHERE client = ?1 AND revoked_at = 0", client, s.Clock().Unix())
	if err != nil {
		return err
	}
	if n == 0 {
		return civic.NewProblem(civic.AgencyAbsent, nil, client)
	}
	if _, err := tx.Exec(ctx, "DELETE FROM share_token WHERE client = ?1", client); err != nil {
		return err
	}
	if err := s.changed(ctx, tx); err != nil {
		return err
	}
	return note(ctx, tx, s.Clock(), actor, "agency_client_end", client)
}

// Token gives a token for an id and its secret; civic.SignInRefused whatever
// was wrong.
func (s *Share) Token(ctx context.Context, tx ledger.Tx, client, secret string) (token string, agency agreement.AgencyID, err error) {
	var who string
	var hash []byte
	err = tx.QueryRow(ctx, `SELECT c.agency, c.secret FROM share_client c JOIN share_agency a ON a.agency = c.agency
		WHERE c.client = ?1 AND c.revoked_at = 0 AND a.ended_at = 0`, client).Scan(&who, &hash)
	if err != nil && !errors.Is(err, ledger.ErrNoRows) {
		return "", "", err
	}
	given := sha256.Sum256([]byte(secret))
	if subtle.ConstantTimeCompare(given[:], hash) != 1 {
		return "", "", civic.NewProblem(civic.SignInRefused, nil)
	}
	raw := make([]byte, 32)
	if _, err := io.ReadFull(s.Rand, raw); err != nil {
		return "", "", err
	}
	token = base64.RawURLEncoding.EncodeToString(raw)
	now := s.Clock()
	kept := sha256.Sum256([]byte(token))
	if _, err := tx.Exec(ctx, "DELETE FROM share_token WHERE expires_at < ?1", now.Unix()); err != nil {
		return "", "", err
	}
	_, err = tx.Exec(ctx, "INSERT INTO share_token (token, client, agency, expires_at) VALUES (?1, ?2, ?3, ?4)", kept[:], client, who, now.Add(TokenLife).Unix())
	return token, agreement.AgencyID(who), err
}

// AddKey writes an agency's public key down under its thumbprint.
func (s *Share) AddKey(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID, kid, jwk, actor string) error {
	if _, err := s.Agency(ctx, tx, agency); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO share_key (kid, agency, jwk, added_at) VALUES (?1, ?2, ?3, ?4)", kid, string(agency), jwk, s.Clock().Unix())
	if err != nil {
		return err
	}
	if err := s.changed(ctx, tx); err != nil {
		return err
	}
	return note(ctx, tx, s.Clock(), actor, "agency_key", string(agency)+" "+kid)
}

// RevokeKey ends a key at once.
func (s *Share) RevokeKey(ctx context.Context, tx ledger.Tx, kid, actor string) error {
	n, err := tx.Exec(ctx, "UPDATE share_key SET revoked_at = ?2 WHERE kid = ?1 AND revoked_at = 0", kid, s.Clock().Unix())
	if err != nil {
		return err
	}
	if n == 0 {
		return civic.NewProblem(civic.AgencyAbsent, nil, kid)
	}
	if err := s.changed(ctx, tx); err != nil {
		return err
	}
	return note(ctx, tx, s.Clock(), actor, "agency_key_revoke", kid)
}

// Key is an agency's public key.
type Key struct {
	KID     string
	Agency  agreement.AgencyID
	JWK     string
	Revoked time.Time
}

// Keys lists an agency's keys.
func (s *Share) Keys(ctx context.Context, tx ledger.Tx, agency agreement.AgencyID) (all []Key, err error) {
	err = ledger.All(ctx, tx, func(r ledger.Row) error {
		k := Key{Agency: agency}
		var revoked int64
		err := r.Scan(&k.KID, &k.JWK, &revoked)
		k.Revoked = moment(revoked)
		all = append(all, k)
		return err
	}, "SELECT kid, jwk, revoked_at FROM share_key WHERE agency = ?1 ORDER BY added_at, kid", string(agency))
	return all, err
}
