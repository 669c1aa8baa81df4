//go:build window

// Command windowtest walks one registration through the built program in a real
// window, by keyboard and pointer as an officer would, on a virtual display of
// its own. It keeps a picture of every screen, reads the receipt's code off the
// picture, and says what became of the registration. The test in this folder
// does the same from the first start on, against a centre of its own.
//
// The program is built with the tag uimap, so that it writes where its widgets
// stand (see app/uimap.go): nothing in a Fyne window has a name for the system.
//
//	go run -tags window ./app/windowtest -program bin/fieldkit-uimap -home var/kit -passphrase-file var/passphrase -pictures var/pictures
//
// With -server and -code a kit that is not enrolled yet is enrolled first.
package main
