// Package screen holds the pages an officer sees, one file a page, and the
// [Shell] that shows them: a bar on top that says where one is and leads back, the page in the
// middle, which scrolls, and a bar below with the one main action at its right
// end. Screens decide nothing: they ask the kit (package kit) and show what it
// says.
//
// [New] makes the shell for a window, [Shell.Start] shows the page that the
// kit's state asks for. Everything runs on Fyne's own goroutine; what takes
// long, the passphrase, sealing, sending, is done beside it by Config.Work and
// comes back by Config.Do.
//
// Every page works by keyboard alone. Enter goes on, Escape goes back, Ctrl+S
// says that all is saved, the function keys are written on what they press, and
// F1 lists them all.
package screen
