package match

import (
	"strings"
	"unicode"
)

// han tells whether a word is written in Chinese signs.
func han(s string) bool {
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			return true
		}
	}
	return false
}

// variants are traditional signs, and others of the same name, with the
// simplified one they are compared as: the names of people, not a dictionary.
var variants = pairsOf(`張张陳陈劉刘楊杨黃黄趙赵吳吴孫孙馬马羅罗鄭郑謝谢許许鄧邓馮冯韓韩葉叶蔣蒋蘇苏呂吕盧卢鍾钟鐘钟譚谭陸陆範范賈贾鄒邹閻阎閆阎龍龙萬万錢钱湯汤賴赖嚴严齊齐龐庞顏颜
偉伟華华國国軍军強强傑杰麗丽紅红豔艳艷艳蘭兰鳳凤瓊琼瑩莹榮荣業业東东寶宝寧宁甯宁慶庆學学維维綱纲鋒锋銘铭鋼钢鐵铁錦锦賓宾貴贵賢贤贊赞順顺穎颖飛飞鵬鹏鴻鸿鶴鹤鳴鸣憲宪樹树曉晓曄晔暉晖
權权橋桥歡欢濤涛澤泽潔洁濱滨煒炜燁烨燦灿爾尔獻献瑋玮環环璽玺畢毕發发祿禄禮礼禎祯穩稳紀纪純纯紹绍經经綠绿緒绪緯纬縱纵繼继續续纓缨羣群聖圣聰聪聯联肅肃臨临興兴舉举莊庄葦苇蓮莲蔭荫薩萨藝艺
衛卫衞卫裡里裏里見见視视親亲詠咏詩诗誠诚誼谊諾诺謙谦講讲識识譯译讓让豐丰賀贺賦赋軒轩輝辉煇辉輪轮輔辅達达運运遠远適适遷迁鄉乡醫医釗钊鈞钧鈴铃銀银銳锐鋭锐錚铮鍵键鎮镇鏡镜長长門门開开閔闵闖闯
關关陽阳陰阴雋隽雙双雲云電电霽霁靈灵靜静靖靖韻韵頌颂頓顿領领頻频顧顾風风馳驰駿骏驊骅驥骥魯鲁鮑鲍麥麦黨党齡龄喬乔溫温倫伦優优儀仪億亿劍剑劉刘勳勋勛勋勝胜務务區区協协單单吳吴啓启啟启嘯啸圓圆
堅坚塵尘壽寿夢梦奧奥奮奋姍姗婁娄婭娅嬌娇孫孙實实寬宽將将專专對对導导岡冈峯峰島岛嶺岭帥帅師师幹干庫库廈厦廣广張张彥彦後后從从徵征恆恒悅悦愛爱態态慧慧憶忆應应懷怀戰战戴戴捷捷揚扬換换攜携敏敏
敵敌數数斌斌時时晉晋書书會会朧胧棟栋楓枫榕榕樂乐樓楼標标樺桦機机檢检歐欧歲岁歷历殷殷毅毅氣气汎泛沖冲淚泪淵渊淨净淺浅渾浑湧涌滿满漢汉潤润灣湾烏乌無无熱热營营牽牵獨独玆兹珮佩現现瑯琅畫画異异
當当瞭了矯矫碩硕確确祐佑竇窦竹竹競竞筆笔節节簡简籃篮紗纱納纳細细結结統统絲丝綺绮線线練练縣县總总罡罡義义習习翹翘耀耀職职脈脉腦脑艦舰芻刍萊莱蒼苍蔡蔡蕭萧薑姜藍蓝藥药蘆芦虛虚號号蝦虾術术
裝装覺觉觀观訊讯託托記记訓训設设訪访評评詞词該该詹詹語语說说請请論论諸诸謀谋證证譽誉變变谷谷賜赐質质贏赢趨趋躍跃車车載载輕轻辭辞農农連连進进遊游過过遲迟選选還还邁迈鄔邬鄺邝釋释鈺钰銅铜銓铨鋁铝錄录
鎖锁鑑鉴鑒鉴閃闪閏闰閑闲間间閣阁闊阔陣阵階阶際际隨随險险雖虽雞鸡離离難难霧雾響响頂顶項项須须預预題题顯显飄飘養养餘余館馆騰腾驕骄驗验驚惊鬆松魏魏鯤鲲鳥鸟鴛鸳鷹鹰麒麒黎黎點点`)

func pairsOf(s string) map[rune]rune {
	out := map[rune]rune{}
	var from rune
	for _, r := range s {
		switch {
		case r == '\n':
		case from == 0:
			from = r
		default:
			out[from], from = r, 0
		}
	}
	return out
}

// compound surnames of two signs.
var compound = map[string]bool{
	"欧阳": true, "司马": true, "上官": true, "诸葛": true, "夏侯": true, "皇甫": true, "尉迟": true, "公孙": true, "慕容": true, "司徒": true,
	"令狐": true, "端木": true, "东方": true, "独孤": true, "南宫": true, "宇文": true, "长孙": true, "申屠": true, "轩辕": true, "百里": true,
}

// surnameReadings are surnames read otherwise than the sign usually is.
var surnameReadings = map[rune]string{
	'单': "shan", '曾': "zeng", '解': "xie", '仇': "qiu", '查': "zha", '区': "ou", '朴': "piao", '盖': "ge", '任': "ren", '华': "hua",
	'乐': "yue", '尉': "wei", '冼': "xian", '缪': "miao", '员': "yun", '秘': "bi", '折': "she", '种': "chong", '重': "chong", '翟': "zhai",
}

// simplify folds variants of signs together.
func simplify(s string) string {
	return strings.Map(func(r rune) rune {
		if v, ok := variants[r]; ok {
			return v
		}
		return r
	}, s)
}

// splitHan takes a whole Chinese name apart into surname and given name.
func splitHan(s string) []string {
	n := signs(s)
	if n < 2 {
		return []string{s}
	}
	cut := 1
	if n >= 3 && compound[first(s, 2)] {
		cut = 2
	}
	head := first(s, cut)
	return []string{head, s[len(head):]}
}

// roman writes a word in toneless pinyin, each sign in its commonest reading;
// one sign alone is read as a surname first.
func roman(s string) string {
	if signs(s) == 1 {
		for _, r := range s {
			if p, ok := surnameReadings[r]; ok {
				return p
			}
		}
	}
	var b strings.Builder
	for _, r := range s {
		if p := pinyins(r); len(p) > 0 {
			b.WriteString(p[0])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// reads tells whether Latin letters are a reading of Chinese signs, any reading
// of each sign allowed.
func reads(signs, letters string) bool {
	if signs == "" {
		return letters == ""
	}
	var head rune
	for _, r := range signs {
		head = r
		break
	}
	rest := signs[len(string(head)):]
	ways := pinyins(head)
	if p, ok := surnameReadings[head]; ok {
		ways = append([]string{p}, ways...)
	}
	for _, p := range ways {
		if after, ok := strings.CutPrefix(letters, p); ok && reads(rest, after) {
			return true
		}
		if strings.Contains(p, "v") { // ü is written v, u or yu
			for _, u := range []string{"u", "yu"} {
				if after, ok := strings.CutPrefix(letters, strings.Replace(p, "v", u, 1)); ok && reads(rest, after) {
					return true
				}
			}
		}
	}
	return false
}

// sameName tells whether two names are the same, in whatever script each is.
func sameName(a, b name) bool {
	if a.none() || b.none() {
		return false
	}
	if a.text == b.text {
		return true
	}
	switch x, y := a.roman != "", b.roman != ""; {
	case x && !y:
		return a.roman == b.text || reads(a.text, b.text)
	case y && !x:
		return b.roman == a.text || reads(b.text, a.text)
	}
	return false
}

var (
	initials = strings.Fields("zh ch sh b p m f d t n l g k h j q x r z c s y w")
	finals   = strings.Fields("a o e ai ei ao ou an en ang eng ong er i ia ie iao iu ian in iang ing iong u ua uo uai ui uan un uang v ve ue")
)

// syllable tells whether a word is one syllable of pinyin.
func syllable(s string) bool {
	for _, i := range initials {
		if rest, ok := strings.CutPrefix(s, i); ok {
			s = rest
			break
		}
	}
	for _, f := range finals {
		if s == f {
			return true
		}
	}
	return false
}

// joinSyllables makes one name of a Chinese given name written apart: Xiao Ming.
func joinSyllables(ns names) names {
	if len(ns) != 2 || ns[0].roman != "" || ns[1].roman != "" || !syllable(ns[0].text) || !syllable(ns[1].text) {
		return ns
	}
	return names{newName(ns[0].text + ns[1].text)}
}
