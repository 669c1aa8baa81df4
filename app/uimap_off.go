//go:build !uimap

package main

import (
	"fyne.io/fyne/v2"

	"github.com/askonce/fieldkit/app/screen"
)

// watch does nothing in the program that officers carry; see uimap.go.
func watch(*screen.Shell, fyne.Window, *queue) {}
