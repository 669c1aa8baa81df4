package xpath

import (
	"crypto/md5"  // digest() offers it to forms; nothing is protected by it
	"crypto/sha1" // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

func numberFunctions() map[string]*function {
	one := func(do func(float64) float64) *function {
		return &function{1, 1, func(c *Call) (Value, error) { f, err := c.Number(0); return Num(do(f)), err }}
	}
	two := func(do func(a, b float64) float64) *function {
		return &function{2, 2, func(c *Call) (Value, error) {
			a, err := c.Number(0)
			if err != nil {
				return Value{}, err
			}
			b, err := c.Number(1)
			return Num(do(a, b)), err
		}}
	}
	return map[string]*function{
		"number": {0, 1, func(c *Call) (Value, error) {
			if c.Len() == 0 {
				return Num(textNumber(c.Node.Text(), c.at.run.zone)), nil
			}
			f, err := c.Number(0)
			return Num(f), err
		}},
		"int": one(math.Trunc), "floor": one(math.Floor), "ceiling": one(math.Ceil), "abs": one(math.Abs),
		"sqrt": one(math.Sqrt), "exp": one(math.Exp), "log": one(math.Log), "log10": one(math.Log10),
		"exp10": one(func(f float64) float64 { return math.Pow(10, f) }),
		"sin":   one(math.Sin), "cos": one(math.Cos), "tan": one(math.Tan),
		"asin": one(math.Asin), "acos": one(math.Acos), "atan": one(math.Atan),
		"pow": two(math.Pow), "atan2": two(math.Atan2),
		"pi":    {0, 0, func(*Call) (Value, error) { return Num(math.Pi), nil }},
		"round": {1, 2, round},
		"sum": {1, 1, func(c *Call) (Value, error) {
			nodes, err := c.nodes(0)
			var sum float64
			for _, n := range nodes {
				sum += textNumber(n.Text(), c.at.run.zone)
			}
			return Num(sum), err
		}},
		"min": {1, -1, func(c *Call) (Value, error) { return extreme(c, math.Min) }},
		"max": {1, -1, func(c *Call) (Value, error) { return extreme(c, math.Max) }},
		"random": {0, 0, func(c *Call) (Value, error) {
			b, err := c.random(8)
			return Num(float64(binary.BigEndian.Uint64(b)>>11) / (1 << 53)), err
		}},
		"uuid": {0, 1, uuid},
	}
}

// round rounds halves away from zero, to as many digits as the second argument
// says; below 0 it means tens, hundreds and so on.
func round(c *Call) (Value, error) {
	f, err := c.Number(0)
	if err != nil {
		return Value{}, err
	}
	if c.Len() == 1 {
		return Num(math.Round(f)), nil
	}
	digits, err := c.Number(1)
	if err != nil || math.IsNaN(digits) || math.Abs(digits) > 300 || math.IsNaN(f) || math.IsInf(f, 0) {
		return Num(math.NaN()), err
	}
	if digits <= 0 {
		unit := math.Pow(10, -math.Trunc(digits))
		return Num(math.Round(f/unit) * unit), nil
	}
	// Shifting by ten in binary would turn 1.005 into 1.00; shift the text.
	shifted, err := strconv.ParseFloat(fmt.Sprintf("%se%d", strconv.FormatFloat(f, 'f', -1, 64), int(digits)), 64)
	if err != nil {
		return Num(f), nil //nolint:nilerr // too large to have such digits
	}
	out, err := strconv.ParseFloat(fmt.Sprintf("%se-%d", strconv.FormatFloat(math.Round(shifted), 'f', 0, 64), int(digits)), 64)
	return Num(out), err
}

// extreme is min or max over arguments and the nodes of sets; nothing, or what
// is no number, gives NaN.
func extreme(c *Call, pick func(a, b float64) float64) (Value, error) {
	values, err := c.spread(0, 1)
	if err != nil || len(values) == 0 {
		return Num(math.NaN()), err
	}
	out := values[0].number(c.at.run.zone)
	for _, v := range values[1:] {
		f := v.number(c.at.run.zone)
		if math.IsNaN(f) {
			return Num(f), nil
		}
		out = pick(out, f)
	}
	return Num(out), nil
}

// nodes evaluates an argument that must be a set of nodes.
func (c *Call) nodes(i int) ([]*Node, error) {
	v, err := c.Arg(i)
	if err != nil {
		return nil, err
	}
	if v.kind != NodeSet {
		return nil, fmt.Errorf("%s() wants a path to questions", c.Name)
	}
	return v.nodes, nil
}

func (c *Call) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if c.at.run.env.Rand == nil {
		return b, nil
	}
	_, err := io.ReadFull(c.at.run.env.Rand, b)
	return b, err
}

// uuid() makes a random UUID, uuid(n) a text of n random signs.
func uuid(c *Call) (Value, error) {
	if c.Len() == 1 {
		f, err := c.Number(0)
		if err != nil || !(f >= 0 && f <= 1024) {
			return Str(""), err
		}
		b, err := c.random(int(f))
		const signs = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
		for i := range b {
			b[i] = signs[b[i]&63]
		}
		return Str(string(b)), err
	}
	b, err := c.random(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return Str(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]), err
}

// digest(text, method, encoding) hashes text: MD5, SHA-1, SHA-256, SHA-384 or
// SHA-512, as base64 or hex.
func digest(c *Call) (Value, error) {
	text, err := c.Text(0)
	if err != nil {
		return Value{}, err
	}
	method, err := c.Text(1)
	if err != nil {
		return Value{}, err
	}
	encoding := "base64"
	if c.Len() == 3 {
		if encoding, err = c.Text(2); err != nil {
			return Value{}, err
		}
	}
	var sum []byte
	switch strings.ToUpper(method) {
	case "MD5":
		h := md5.Sum([]byte(text)) // see the import
		sum = h[:]
	case "SHA-1":
		h := sha1.Sum([]byte(text)) // see the import
		sum = h[:]
	case "SHA-256":
		h := sha256.Sum256([]byte(text))
		sum = h[:]
	case "SHA-384":
		h := sha512.Sum384([]byte(text))
		sum = h[:]
	case "SHA-512":
		h := sha512.Sum512([]byte(text))
		sum = h[:]
	default:
		return Value{}, fmt.Errorf("digest() does not know the method it is given")
	}
	if encoding == "hex" {
		return Str(hex.EncodeToString(sum)), nil
	}
	return Str(base64.StdEncoding.EncodeToString(sum)), nil
}

// randomize gives nodes in another order: the same for the same seed, by the
// generator and the shuffle that ODK documents.
func randomize(c *Call) (Value, error) {
	nodes, err := c.nodes(0)
	if err != nil {
		return Value{}, err
	}
	var seed int64
	if c.Len() == 2 {
		f, err := c.Number(1)
		if err != nil {
			return Value{}, err
		}
		if !math.IsNaN(f) && math.Abs(f) < math.MaxInt64/2 {
			seed = int64(f)
		}
	} else {
		b, err := c.random(4)
		if err != nil {
			return Value{}, err
		}
		seed = int64(binary.BigEndian.Uint32(b))
	}
	const m = 2147483647
	if seed %= m; seed <= 0 {
		seed += m - 1
	}
	out := slices.Clone(nodes)
	for i := len(out) - 1; i > 0; i-- {
		seed = seed * 16807 % m
		j := int(float64(seed-1) / (m - 1) * float64(i+1))
		out[i], out[j] = out[j], out[i]
	}
	return Set(out...), nil
}
