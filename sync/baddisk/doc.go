// Package baddisk is a disk that loses power, for tests of what both ends keep
// in SQLite.
//
// [New] puts itself under the pure-Go driver as an SQLite file system that
// passes everything through to the real one and notes each write, truncation,
// sync and deletion. Open the database with "vfs=" and [Disk.Name], do the day's
// work, and call [Disk.Mark] after everything that was acknowledged. Then
// [Disk.Cuts] plays the day again and stops it at many moments: what was synced
// by then is there; of what was not, each 512-byte sector is there, or lost, or
// torn, in any order. Write the files of a [Cut] into a folder, open it with the
// ordinary program, and nothing that was marked may be missing.
//
// [Disk.Fail] makes one coming write or sync fail, stored or not, as a worn
// card or a full disk does.
//
// It relies on modernc.org/sqlite/lib, which promises no stable API: the version
// in go.mod and the tests here hold it.
package baddisk
