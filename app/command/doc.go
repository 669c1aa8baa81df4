// Package command holds the kit's commands without a window: what an
// administrator, a script or a test types.
//
// [Run] is the whole program but for the window, which it opens through
// [Env].OpenWindow when no command is given. What is asked for goes to standard
// output, as one JSON object with --json; messages for people go to standard
// error. The exit code is 0 on success, 1 when a work item was refused or
// failed, 2 on wrong use.
package command
