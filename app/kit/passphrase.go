package kit

import (
	"crypto/rand"
	"math/big"
	"strings"

	"github.com/tyler-smith/go-bip39/wordlists"
)

// passphraseWords of a list of 2,048 make 55 bits: at one second a try on the
// kit's own processor, an imaged disk stands a thousand years of one computer.
const passphraseWords = 5

// ProposePassphrase gives words that are easy to remember and hard to guess,
// in Spanish for "es" and the like, else in English.
func (k *Kit) ProposePassphrase(lang string) string {
	list := wordlists.English
	if base, _, _ := strings.Cut(lang, "-"); base == "es" {
		list = wordlists.Spanish
	}
	words := make([]string, passphraseWords)
	for i := range words {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(list))))
		if err != nil {
			return "" // crypto/rand does not fail: it ends the program
		}
		words[i] = list[n.Int64()]
	}
	return strings.Join(words, " ")
}
