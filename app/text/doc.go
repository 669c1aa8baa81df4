// Package text holds the app's words in the language of the moment.
//
// [Load] reads every language that ships inside; a [Teller] tells them in one
// language and can be switched while the program runs: whoever showed words
// asks to be told with [Teller.OnSwitch]. Words are looked up by a key such as
// "home.register"; {1}, {2} in a sentence are places, {n} is the number that
// chose the plural. A problem's sentence is found by its civic code, so what an
// officer reads is never the English of the code.
//
// To add a language, add a file to assets/translations: it needs every key of
// en.json, in the plural forms that its language has. The note beside each
// entry tells the translator where the words stand.
package text
