package people

import (
	"math/rand/v2"
	"strings"

	"github.com/mozillazg/go-pinyin"

	"github.com/askonce/fieldkit/sync/match"
)

// Writing is how an incoming Chinese name is written.
type Writing uint8

// Ways of writing a Chinese name.
const (
	Hanzi Writing = iota
	Pinyin
	Mixed // surname in pinyin and given name in signs, or the other way round
)

// Chinese surnames by falling frequency, and signs of given names.
const (
	chineseSurnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文单仇查解翟"
	chineseGiven    = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文玉兰红梅建国庆志宏亮波宇浩然子轩梓涵欣怡雨晨诗琪俊凯佳美玲珍燕萍云雪莲海峰山林森鑫晓春生福贵金银宝龙凤祥永康安宁德仁义礼智信忠孝东南北中天星月光辉荣昌盛立新成功学思远航博达睿哲翰墨清源泽润江河川岩石"
)

type china struct {
	*mexico
	surnames, given pool
	cities          []string
}

// China makes a population whose incoming duplicates are written one way. Half
// are known people; of those 10 % have a birth date off, 5 % none, 5 % of given
// names carry a sign of the same reading, 10 % are written in traditional signs
// where they are in signs.
func China(seed uint64, known, incoming int, w Writing) Population {
	r := rand.New(rand.NewPCG(seed, 0x636e31))
	c := &china{
		mexico:   &mexico{r: r},
		surnames: newPool(strings.Split(chineseSurnames, ""), 2, 1.0), given: newPool(strings.Split(chineseGiven, ""), 6, 0.7),
		cities: strings.Fields("北京 上海 广州 成都 西安 昆明 兰州 贵阳 长沙 武汉 郑州 济南 合肥 南宁 沈阳 长春 太原 福州 南昌 海口"),
	}
	var p Population
	for range known {
		p.Known = append(p.Known, c.person())
	}
	for range incoming {
		of := r.IntN(len(p.Known))
		in := Incoming{Record: c.person(), Truth: match.Stranger, Of: -1}
		if r.Float64() < 0.5 {
			in = Incoming{Record: c.again(p.Known[of]), Truth: match.Same, Of: of}
		}
		in.Record = c.write(in.Record, w)
		p.Incoming = append(p.Incoming, in)
	}
	return p
}

func (c *china) person() match.Record {
	given := c.given.draw(c.r)
	if c.r.Float64() < 0.8 {
		given += c.given.draw(c.r)
	}
	return match.Record{
		Given: []string{given}, Surnames: []string{c.surnames.draw(c.r)}, Birth: c.date(1940, 2024), Sex: []string{"F", "M"}[c.r.IntN(2)],
		Places: []string{"", c.cities[c.r.IntN(len(c.cities))], "", "", "", ""}, Phones: c.phone(),
	}
}

func (c *china) again(base match.Record) match.Record {
	rec := base
	switch x := c.r.Float64(); {
	case x < 0.10:
		rec.Birth = c.off(rec.Birth)
	case x < 0.15:
		rec.Birth.Year, rec.Birth.Month, rec.Birth.Day = 0, 0, 0
	}
	if c.r.Float64() < 0.05 { // a sign of the same reading
		signs := []rune(rec.Given[0])
		i := c.r.IntN(len(signs))
		want := read(string(signs[i]))
		for _, r := range chineseGiven {
			if r != signs[i] && read(string(r)) == want {
				signs[i] = r
				break
			}
		}
		rec.Given = []string{string(signs)}
	}
	if c.r.Float64() < 0.20 {
		rec.Phones = c.phone()
	}
	return rec
}

// write puts a record's names into a writing.
func (c *china) write(rec match.Record, w Writing) match.Record {
	surname, given := rec.Surnames[0], rec.Given[0]
	switch {
	case w == Hanzi && c.r.Float64() < 0.10:
		old := strings.NewReplacer("张", "張", "刘", "劉", "陈", "陳", "杨", "楊", "黄", "黃", "赵", "趙", "吴", "吳", "马", "馬", "伟", "偉",
			"丽", "麗", "强", "強", "军", "軍", "华", "華", "国", "國", "红", "紅", "兰", "蘭", "宝", "寶", "龙", "龍")
		surname, given = old.Replace(surname), old.Replace(given)
	case w == Pinyin || w == Mixed:
		a, b := c.latin(surname, false), c.latin(given, c.r.Float64() < 0.3)
		switch {
		case w == Pinyin:
			surname, given = a, b
		case c.r.Float64() < 0.5:
			surname = a
		default:
			given = b
		}
	}
	rec.Surnames, rec.Given = []string{surname}, []string{given}
	return rec
}

// latin writes signs in pinyin, together or apart.
func (c *china) latin(s string, apart bool) string {
	var out []string
	for _, r := range s {
		out = append(out, read(string(r)))
	}
	gap := ""
	if apart {
		gap = " "
	}
	joined := strings.Join(out, gap)
	return strings.ToUpper(joined[:1]) + joined[1:]
}

// read is the reading people use: of surnames with a reading of their own, that.
func read(sign string) string {
	switch sign {
	case "单":
		return "shan"
	case "仇":
		return "qiu"
	case "查":
		return "zha"
	case "解":
		return "xie"
	case "翟":
		return "zhai"
	case "曾":
		return "zeng"
	}
	if p := pinyin.LazyPinyin(sign, pinyin.NewArgs()); len(p) > 0 {
		return strings.ReplaceAll(p[0], "ü", "v")
	}
	return sign
}
