//go:build unix

package baddisk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Kind says what an operation did.
type Kind uint8

// The operations that reach a disk.
const (
	Write Kind = iota + 1
	Truncate
	Sync
	Delete
	mark
)

type op struct {
	kind Kind
	file string // base name
	at   int64  // offset of a write, new size of a truncation, or the mark
	data []byte
}

// Fault makes one coming operation fail.
type Fault struct {
	Nth    int  // which of the coming operations of Kind, counted from 1
	Kind   Kind // Write or Sync
	Stored bool // the disk did it all the same
	Full   bool // say that the disk is full, else that it failed
}

// Disk is an SQLite file system that remembers. One Disk serves one database at
// a time.
type Disk struct {
	name    string
	tls     *libc.TLS
	vfs     *sqlite3.Tsqlite3_vfs
	at      uintptr // vfs as SQLite sees it
	real    uintptr // the file system beneath
	methods uintptr
	keep    []any // what SQLite holds only by address

	mu    sync.Mutex
	first map[string][]byte // what the folder held when noting began
	log   []op
	open  map[uintptr]file // by SQLite's address of the file
	fault Fault
	hit   bool // the fault has happened
}

type file struct {
	name    string
	methods *sqlite3.Tsqlite3_io_methods
}

// New registers a disk under a name that no other disk of the process has.
func New(name string) (*Disk, error) {
	d := &Disk{name: name, tls: libc.NewTLS(), open: map[uintptr]file{}}
	d.real = sqlite3.Xsqlite3_vfs_find(d.tls, 0)
	if d.real == 0 {
		return nil, errors.New("SQLite has no file system")
	}
	size := libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{}))
	d.at = libc.Xcalloc(d.tls, 1, size)
	d.methods = libc.Xcalloc(d.tls, 1, libc.Tsize_t(unsafe.Sizeof(sqlite3.Tsqlite3_io_methods{})))
	zName, err := libc.CString(name)
	if err != nil || d.at == 0 || d.methods == 0 {
		return nil, errors.Join(err, errors.New("no memory for a file system"))
	}
	d.vfs = vfsAt(d.at)
	*d.vfs = *vfsAt(d.real)
	d.vfs.FpNext, d.vfs.FzName = 0, zName
	d.vfs.FxOpen = d.function(d.xOpen)
	d.vfs.FxDelete = d.function(d.xDelete)
	if rc := sqlite3.Xsqlite3_vfs_register(d.tls, d.at, 0); rc != sqlite3.SQLITE_OK {
		return nil, fmt.Errorf("SQLite refused the file system: %d", rc)
	}
	return d, nil
}

// Name is what to open the database with: "file:…?vfs=" and this.
func (d *Disk) Name() string { return d.name }

// Close takes the disk out of SQLite. No database may be open on it.
func (d *Disk) Close() error {
	if rc := sqlite3.Xsqlite3_vfs_unregister(d.tls, d.at); rc != sqlite3.SQLITE_OK {
		return fmt.Errorf("SQLite keeps the file system: %d", rc)
	}
	d.tls.Close()
	return nil
}

// Begin forgets what was noted and takes what lies in the folder now as safe on
// the disk. No database may be open in it.
func (d *Disk) Begin(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	first := map[string][]byte{}
	for _, e := range entries {
		if e.IsDir() {
			continue // a database has none
		}
		if first[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.first, d.log = first, nil
	return nil
}

// Mark notes that everything up to n was acknowledged.
func (d *Disk) Mark(n int) { d.note(op{kind: mark, at: int64(n)}) }

// Fail makes a coming operation fail; a zero Fault takes that back.
func (d *Disk) Fail(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault, d.hit = f, false
}

// Failed tells whether the fault that was set last has happened.
func (d *Disk) Failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hit
}

// Operations tells how many operations were noted.
func (d *Disk) Operations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.log)
}

func (d *Disk) note(o op) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, o)
}

// fails tells whether this operation is to fail, and with which code.
func (d *Disk) fails(k Kind) (Fault, int32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault.Nth == 0 || d.fault.Kind != k {
		return Fault{}, 0
	}
	d.fault.Nth--
	if d.fault.Nth > 0 {
		return Fault{}, 0
	}
	d.hit = true
	if d.fault.Full {
		return d.fault, sqlite3.SQLITE_FULL
	}
	return d.fault, sqlite3.SQLITE_IOERR
}

func (d *Disk) file(pFile uintptr) file {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open[pFile]
}

// function gives the address by which SQLite calls a Go function, and keeps the
// function alive.
func (d *Disk) function(f any) uintptr {
	d.keep = append(d.keep, f)
	type iface [2]uintptr
	return (*iface)(unsafe.Pointer(&f))[1]
}

func (d *Disk) xOpen(tls *libc.TLS, _, zName, pFile uintptr, flags int32, pOut uintptr) int32 {
	rc := (*(*func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32)(unsafe.Pointer(&struct{ uintptr }{vfsAt(d.real).FxOpen})))(tls, d.real, zName, pFile, flags, pOut)
	methods := *(*uintptr)(at(pFile))
	if rc != sqlite3.SQLITE_OK || methods == 0 || zName == 0 {
		return rc
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	real := (*sqlite3.Tsqlite3_io_methods)(at(methods))
	d.open[pFile] = file{filepath.Base(libc.GoString(zName)), real}
	ours := (*sqlite3.Tsqlite3_io_methods)(at(d.methods))
	if ours.FxWrite == 0 {
		*ours = *real
		ours.FxClose = d.function(d.xClose)
		ours.FxWrite = d.function(d.xWrite)
		ours.FxTruncate = d.function(d.xTruncate)
		ours.FxSync = d.function(d.xSync)
	}
	*(*uintptr)(at(pFile)) = d.methods
	return rc
}

func (d *Disk) xDelete(tls *libc.TLS, _, zName uintptr, syncDir int32) int32 {
	rc := (*(*func(*libc.TLS, uintptr, uintptr, int32) int32)(unsafe.Pointer(&struct{ uintptr }{vfsAt(d.real).FxDelete})))(tls, d.real, zName, syncDir)
	if rc == sqlite3.SQLITE_OK {
		d.note(op{kind: Delete, file: filepath.Base(libc.GoString(zName))})
	}
	return rc
}

func (d *Disk) xClose(tls *libc.TLS, pFile uintptr) int32 {
	f := d.file(pFile)
	d.mu.Lock()
	delete(d.open, pFile)
	d.mu.Unlock()
	return (*(*func(*libc.TLS, uintptr) int32)(unsafe.Pointer(&struct{ uintptr }{f.methods.FxClose})))(tls, pFile)
}

func (d *Disk) xWrite(tls *libc.TLS, pFile, buf uintptr, amount int32, offset int64) int32 {
	f := d.file(pFile)
	fault, code := d.fails(Write)
	if code != 0 && !fault.Stored {
		return code
	}
	rc := (*(*func(*libc.TLS, uintptr, uintptr, int32, int64) int32)(unsafe.Pointer(&struct{ uintptr }{f.methods.FxWrite})))(tls, pFile, buf, amount, offset)
	if rc == sqlite3.SQLITE_OK {
		d.note(op{kind: Write, file: f.name, at: offset, data: slices.Clone(libc.GoBytes(buf, int(amount)))})
	}
	if code != 0 {
		return code
	}
	return rc
}

func (d *Disk) xTruncate(tls *libc.TLS, pFile uintptr, size int64) int32 {
	f := d.file(pFile)
	rc := (*(*func(*libc.TLS, uintptr, int64) int32)(unsafe.Pointer(&struct{ uintptr }{f.methods.FxTruncate})))(tls, pFile, size)
	if rc == sqlite3.SQLITE_OK {
		d.note(op{kind: Truncate, file: f.name, at: size})
	}
	return rc
}

func (d *Disk) xSync(tls *libc.TLS, pFile uintptr, flags int32) int32 {
	f := d.file(pFile)
	fault, code := d.fails(Sync)
	if code != 0 && !fault.Stored {
		return code
	}
	rc := (*(*func(*libc.TLS, uintptr, int32) int32)(unsafe.Pointer(&struct{ uintptr }{f.methods.FxSync})))(tls, pFile, flags)
	if rc == sqlite3.SQLITE_OK {
		d.note(op{kind: Sync, file: f.name})
	}
	if code != 0 {
		return code
	}
	return rc
}

func vfsAt(p uintptr) *sqlite3.Tsqlite3_vfs { return (*sqlite3.Tsqlite3_vfs)(at(p)) }

// at turns an address of SQLite's memory, which Go's collector does not move or
// free, into a pointer.
func at(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }
