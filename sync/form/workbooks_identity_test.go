package form_test

// identityForm enrols a person in the identity register; people without papers
// bring the head of the family, an introducer or two witnesses.
func identityForm() []sheet {
	return service{
		id: "identity", version: "1", title: "Inscripción de identidad|Identity enrolment|身份登记", languages: []string{spanish, english, chinese},
		questions: together(
			group("who", "La persona|The person|本人"),
			nameQuestions("", ""),
			sexQuestion(),
			birthDateQuestion("birth_date", "yes"),
			ask("text", "birth_place", "Localidad donde nació|Place of birth|出生地", "x_attr", "birth_place"),
			ask("select_one country", "nationality", "Nacionalidad|Nationality|国籍", "required", "yes", "x_attr", "nationality"),
			ask("select_one marital", "marital_status", "Estado civil|Marital status|婚姻状况", "x_attr", "marital_status"),
			ask("select_multiple tongue", "languages", "¿Qué lenguas habla?|Which languages does the person speak?|会说哪些语言？", "x_attr", "language"),
			ask("text", "mother_name", "Nombre completo de su madre|Full name of the person's mother|母亲全名", "x_attr", "mother_name"),
			ask("text", "father_name", "Nombre completo de su padre|Full name of the person's father|父亲全名", "x_attr", "father_name"),
			endGroup(),
			group("life", "Trabajo y estudios|Work and schooling|工作与学历"),
			ask("text", "occupation", "¿A qué se dedica?|What work does the person do?|从事什么工作？", "x_attr", "occupation"),
			ask("select_one reads", "literacy", "¿Sabe leer y escribir?|Does the person read and write?|会读写吗？", "appearance", "horizontal", "x_attr", "literacy"),
			ask("select_one schooling", "education", "¿Hasta qué nivel estudió?|Which level of school was finished?|最高学历", "x_attr", "education_level"),
			disabilityQuestion("disability"),
			endGroup(),
			group("home", "Dónde vive|Where the person lives|住处"),
			homeQuestions(),
			phoneQuestion("phone", "phone", "Teléfono|Telephone|电话"),
			endGroup(),
			group("proof", "Quién da fe|Who vouches|证明"),
			ask("select_one proof", "evidence", "¿Con qué se comprueba quién es?|What shows who the person is?|以什么证明身份？", "required", "yes", "x_attr", "evidence", "x_absent", "no"),
			ask("select_one paper", "paper", "¿Qué papel enseña?|Which paper is shown?|出示什么证件？", "relevant", "${evidence} = 'document'"),
			ask("text", "paper_number", "Número del papel|Number of the paper|证件号码", "relevant", "${evidence} = 'document'", "x_attr", "other_id"),
			ask("text", "introducer", "Nombre de quien le presenta|Name of the introducer|介绍人姓名", "relevant", "${evidence} = 'introducer'", "required", "yes", "x_attr", "introducer"),
			ask("text", "head", "Nombre de la cabeza de familia|Name of the head of the family|户主姓名", "relevant", "${evidence} = 'head_of_family'", "required", "yes", "x_attr", "head_of_family"),
			ask("text", "witness_1", "Nombre del primer testigo|Name of the first witness|第一证人姓名", "relevant", "${evidence} = 'two_witnesses'", "required", "yes", "x_attr", "witness"),
			ask("text", "witness_2", "Nombre del segundo testigo|Name of the second witness|第二证人姓名", "relevant", "${evidence} = 'two_witnesses'", "required", "yes", "x_attr", "witness"),
			ask("image", "photo", "Foto de la persona|Photo of the person|本人照片", "x_attr", "photo"),
			ask("image", "signature", "Firma o huella en papel|Signature or thumb print on paper|纸上签名或指印", "x_attr", "signature"),
			ask("select_one yes_no", "print", "¿Se puede imprimir su dirección en la credencial?|May the address be printed on the card?|卡上可以印地址吗？",
				"required", "yes", "appearance", "horizontal", "x_attr", "consent", "x_absent", "no"),
			endGroup(),
		),
		lists: []list{
			sexList, yesNo, tongues, marital, schooling, reads, limits, countries,
			{"proof", [][2]string{
				{"document", "Un papel oficial|An official paper|官方证件"}, {"head_of_family", "La cabeza de familia|The head of the family|户主"},
				{"introducer", "Una persona autorizada que le presenta|An authorised introducer|授权介绍人"},
				{"two_witnesses", "Dos testigos|Two witnesses|两名证人"}, {"self_declared", "Solo su palabra|The person's own word only|仅本人陈述"}}},
			{"paper", [][2]string{
				{"birth_certificate", "Acta de nacimiento|Birth certificate|出生证"}, {"voter", "Credencial para votar|Voter card|选民证"},
				{"baptism", "Fe de bautismo|Baptism record|受洗证"}, {"school", "Certificado escolar|School certificate|学校证明"},
				{"consular", "Matrícula consular|Consular card|领事证"}, {"other", "Otro|Another|其他"}}},
		},
	}.sheets()
}
