// Package command is the face of fieldkit-server: one function a command, each
// over an open centre ([serve.Centre]), so that tests run them in process.
//
// [Run] takes the words of a command line and gives the exit code: 0 when it
// was done, 1 when a work item was refused or failed, 2 for wrong use. With
// --json one object stands on standard output and nothing else, on failure too,
// with error{code, message, hint}.
package command
