package access

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"github.com/askonce/fieldkit/server/durable"
	"github.com/askonce/fieldkit/sync/civic"
	"github.com/askonce/fieldkit/sync/protocol"
)

// Names of the files in the folder of keys.
const (
	fileRootCert    = "root.crt"
	fileRootKey     = "root.key"
	fileStatements  = "statements.key"
	fileTLS         = "tls.pem"
	fileTickets     = "tickets.key"
	fileRegistry    = "registry.age"
	fileData        = "registry-data.age"
	fileRecovery    = "recovery.age"
	fileRecoveryPub = "recovery.pub"
	fileRegistryPub = "registry.pub"
	fileLog         = "log.key"
	fileLogPub      = "log.pub"
	fileReadme      = "README"
)

const readme = `The keys of this centre. Each file is readable by its owner only; keep it so.

root.crt, root.key   the registry's root. Every kit pins it. Keep a copy in a safe:
                     without it no kit can be enrolled and no certificate renewed.
statements.key       signs acknowledgements, leases and forms.
tls.pem              the server's certificate and key; made anew when it is missing.
log.key              signs the heads of the log of looks. Kits know it by the bundle.
tickets.key          lets kits take TLS sessions up again; made anew when missing.
registry.age         opens what kits send. Keep a copy in a safe: without it the
                     sealed batches stay closed for ever.
registry-data.age    the key of the registry's rows, sealed to registry.age.
recovery.age         opens every data key of every kit. The centre does not need it
                     to run: move it to a safe that two people open, and leave
                     recovery.pub here.

The process that takes in what kits send needs none of root.key, log.key,
registry.age and registry-data.age: fieldkit-server opener keys DIR makes it a folder without them.

The folder may lie elsewhere than the ledger: fieldkit-server serve --keys DIR.
A backup of the ledger does not contain these files; copy them apart from it.
`

// Keys are the registry's keys, read into memory.
type Keys struct {
	dir        string
	Root       *x509.Certificate
	rootKey    ed25519.PrivateKey
	statements ed25519.PrivateKey
	registry   []age.Identity
	data       [32]byte
	recipient  string
	recovery   string
	log        ed25519.PrivateKey // nil in an intake
	logKey     string             // the log's name and public key in words
}

// MakeKeys makes a new centre's keys in dir, which must not hold any yet. name
// is what people call the registry.
func MakeKeys(dir, name string, now time.Time, rand io.Reader) (*Keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, civic.NewProblem(civic.FileUnreadable, err, filepath.Base(dir))
	}
	if _, err := os.Lstat(filepath.Join(dir, fileRootKey)); !errors.Is(err, os.ErrNotExist) {
		return nil, civic.NewProblem(civic.AlreadyInitialised, err, filepath.Base(filepath.Dir(dir)))
	}
	_, rootKey, err := ed25519.GenerateKey(rand)
	if err != nil {
		return nil, err
	}
	root, err := protocol.NewRoot(rootKey, name, now)
	if err != nil {
		return nil, err
	}
	_, statements, err := ed25519.GenerateKey(rand)
	if err != nil {
		return nil, err
	}
	registry, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, err
	}
	recovery, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, err
	}
	data := make([]byte, 32)
	if _, err := io.ReadFull(rand, data); err != nil {
		return nil, err
	}
	sealed, err := sealTo(data, registry.Recipient())
	if err != nil {
		return nil, err
	}
	// The root's key comes last: where it is, the others are.
	for _, f := range []struct {
		name string
		text []byte
	}{
		{fileReadme, []byte(readme)},
		{fileRootCert, pemOf("CERTIFICATE", root.Raw)},
		{fileStatements, pkcs8(statements)},
		{fileRegistry, []byte(registry.String() + "\n")},
		{fileData, sealed},
		{fileRecovery, []byte(recovery.String() + "\n")},
		{fileRecoveryPub, []byte(recovery.Recipient().String() + "\n")},
		{fileRootKey, pkcs8(rootKey)},
	} {
		if err := durable.WriteFile(filepath.Join(dir, f.name), f.text); err != nil {
			return nil, err
		}
	}
	return OpenKeys(dir)
}

// keyPart is one file of keys and how it is read.
type keyPart struct {
	file string
	read func([]byte) error
}

// OpenKeys reads the keys in dir, a whole centre's or an intake's;
// civic.NotInitialised when there are none, civic.KeyUnreadable with the file's
// name when one cannot be used.
func OpenKeys(dir string) (*Keys, error) {
	if _, err := os.Stat(filepath.Join(dir, fileRootCert)); errors.Is(err, os.ErrNotExist) {
		return nil, civic.NewProblem(civic.NotInitialised, err, filepath.Dir(dir))
	}
	k := &Keys{dir: dir}
	parts := []keyPart{
		{fileRootCert, func(b []byte) (err error) {
			block, _ := pem.Decode(b)
			if block == nil {
				return errors.New("no PEM block")
			}
			k.Root, err = x509.ParseCertificate(block.Bytes)
			return err
		}},
		{fileStatements, func(b []byte) (err error) { k.statements, err = readEd25519(b); return err }},
		{fileRecoveryPub, func(b []byte) error {
			k.recovery = strings.TrimSpace(string(b))
			_, err := age.ParseHybridRecipient(k.recovery)
			return err
		}},
	}
	if k.intake() {
		parts = append(parts, keyPart{fileRegistryPub, func(b []byte) error {
			k.recipient = strings.TrimSpace(string(b))
			_, err := age.ParseHybridRecipient(k.recipient)
			return err
		}})
	} else {
		parts = append(parts, k.openerParts()...)
	}
	for _, part := range parts {
		b, err := os.ReadFile(filepath.Join(dir, part.file))
		if err == nil {
			err = part.read(b)
		}
		if err != nil {
			return nil, civic.NewProblem(civic.KeyUnreadable, err, part.file)
		}
	}
	if k.Opens() && !bytes.Equal(k.rootKey.Public().(ed25519.PublicKey), rootPublic(k.Root)) {
		return nil, civic.NewProblem(civic.KeyUnreadable, errors.New("the key is not the certificate's"), fileRootKey)
	}
	return k, k.readLog()
}

// openerParts are the files that only the opener has.
func (k *Keys) openerParts() []keyPart {
	return []keyPart{
		{fileRootKey, func(b []byte) (err error) { k.rootKey, err = readEd25519(b); return err }},
		{fileRegistry, k.readRegistry},
		{fileData, func(b []byte) error {
			plain, err := k.open(b, len(k.data))
			copy(k.data[:], plain)
			return err
		}},
	}
}

// readRegistry takes the identities that open; the first line is the one kits
// seal to, further lines are former ones.
func (k *Keys) readRegistry(b []byte) error {
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, err := age.ParseHybridIdentity(line)
		if err != nil {
			return err
		}
		if k.recipient == "" {
			k.recipient = id.Recipient().String()
		}
		k.registry = append(k.registry, id)
	}
	if k.recipient == "" {
		return errors.New("no identity in it")
	}
	return nil
}

// open opens what was sealed to the registry; it must have size bytes.
func (k *Keys) open(sealed []byte, size int) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(sealed), k.registry...)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	if err == nil && len(plain) != size {
		err = errors.New("what is sealed has another size")
	}
	return plain, err
}

func sealTo(plain []byte, to age.Recipient) ([]byte, error) {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// Data is the key of the registry's rows.
func (k *Keys) Data() [32]byte { return k.data }

// Pin is what enrolment codes carry to tell this registry from any other.
func (k *Keys) Pin() [protocol.PinSize]byte { return protocol.RootPin(k.Root.RawSubjectPublicKeyInfo) }

// Identities open what is sealed to the registry.
func (k *Keys) Identities() []age.Identity { return k.registry }

// Recipient is what kits seal to.
func (k *Keys) Recipient() string { return k.recipient }

// Recovery is the recipient every data key is wrapped to.
func (k *Keys) Recovery() string { return k.recovery }

// Statements is the public key of acknowledgements, leases and forms.
func (k *Keys) Statements() ed25519.PublicKey { return k.statements.Public().(ed25519.PublicKey) }

// Sign signs a message as the centre.
func (k *Keys) Sign(kind protocol.StatementKind, v any) ([]byte, error) {
	return protocol.Sign(kind, v, k.statements)
}

// RecoveryHere tells whether the private recovery key lies beside the others,
// where it need not be.
func (k *Keys) RecoveryHere() bool {
	_, err := os.Stat(filepath.Join(k.dir, fileRecovery))
	return err == nil
}

// TooOpen lists the files that others than their owner can read.
func (k *Keys) TooOpen() (names []string) {
	for _, name := range []string{fileRootKey, fileStatements, fileRegistry, fileData, fileRecovery, fileTLS, fileLog} {
		if info, err := os.Stat(filepath.Join(k.dir, name)); err == nil && info.Mode().Perm()&0o077 != 0 {
			names = append(names, name)
		}
	}
	return names
}

func rootPublic(cert *x509.Certificate) []byte {
	key, _ := cert.PublicKey.(ed25519.PublicKey)
	return key
}

func readEd25519(b []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	ed, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("not an Ed25519 key")
	}
	return ed, nil
}

func pkcs8(key any) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil { // only for kinds of keys it does not know
		panic("access: " + err.Error())
	}
	return pemOf("PRIVATE KEY", der)
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
