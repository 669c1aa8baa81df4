package form_test

// birthForm is the sample service: the registration of a birth, in our own
// words.
func birthForm() []sheet {
	q := func(typ, name, es, en string, more ...string) []string {
		row := []string{typ, name, es, en, "", "", "", "", "", "", "", "", "", "", "", "", ""}
		for i := 0; i+1 < len(more); i += 2 {
			row[birthColumn(more[i])] = more[i+1]
		}
		return row
	}
	survey := [][]string{
		birthColumns,
		q("begin group", "child", "El niño o la niña", "The child"),
		q("text", "given_name", "Nombre o nombres", "Given name or names", "required", "yes", "x_attr", "given_name",
			"hint::Español (es)", "Como se va a llamar en el acta", "hint::English (en)", "As it will stand in the certificate"),
		q("text", "surname", "Primer apellido", "First surname", "x_attr", "surname"),
		q("text", "second_surname", "Segundo apellido", "Second surname", "x_attr", "second_surname"),
		q("select_one sex", "sex", "Sexo", "Sex", "required", "yes", "x_attr", "sex", "appearance", "horizontal"),
		q("date", "birth_date", "Fecha de nacimiento", "Date of birth", "required", "yes", "x_attr", "birth_date", "x_partial", "yes",
			"constraint", ". <= today()", "constraint_message::Español (es)", "La fecha aún no ha llegado.", "constraint_message::English (en)", "This day has not come yet.",
			"hint::Español (es)", "Si no se sabe el día, basta el mes o el año", "hint::English (en)", "If the day is not known, the month or the year will do"),
		q("time", "birth_time", "Hora de nacimiento", "Time of birth", "x_attr", "birth_time"),
		q("select_one where", "born_at", "¿Dónde nació?", "Where was the birth?", "appearance", "horizontal", "x_attr", "birth_setting"),
		q("text", "birth_place", "Localidad donde nació", "Place of birth", "x_attr", "birth_place"),
		q("select_one helper", "helper", "¿Quién atendió el parto?", "Who helped at the birth?", "x_attr", "birth_attendant"),
		q("integer", "weight", "Peso al nacer, en gramos", "Weight at birth, in grams", "x_attr", "birth_weight", "constraint", ". >= 300 and . <= 8000",
			"constraint_message::Español (es)", "El peso va en gramos, por ejemplo 3200.", "constraint_message::English (en)", "The weight is in grams, such as 3200.",
			"relevant", "${born_at} = 'hospital' or ${born_at} = 'clinic' or ${helper} = 'doctor' or ${helper} = 'nurse'"),
		q("calculate", "child_name", "", "", "calculation", "../given_name"),
		q("end group", "", "", ""),

		q("begin group", "mother", "La madre", "The mother"),
		q("text", "given_name", "Nombre de la madre", "Mother's given name", "required", "yes", "x_attr", "mother.given_name"),
		q("text", "surname", "Primer apellido de la madre", "Mother's first surname", "x_attr", "mother.surname"),
		q("text", "second_surname", "Segundo apellido de la madre", "Mother's second surname", "x_attr", "mother.second_surname"),
		q("date", "birth_date", "Fecha de nacimiento de la madre", "Mother's date of birth", "x_attr", "mother.birth_date", "x_partial", "yes",
			"constraint", ". < today()", "constraint_message::Español (es)", "La fecha aún no ha llegado.", "constraint_message::English (en)", "This day has not come yet."),
		q("text", "national_id", "Número de identidad de la madre", "Mother's identity number", "x_attr", "mother.national_id"),
		q("text", "occupation", "¿A qué se dedica la madre?", "What work does the mother do?", "x_attr", "mother.occupation"),
		q("select_multiple tongue", "languages", "¿Qué lenguas habla la madre?", "Which languages does the mother speak?", "x_attr", "mother.language"),
		q("end group", "", "", ""),

		q("begin group", "father", "El padre", "The father"),
		q("select_one yes_no", "father_named", "¿Se registra al padre?", "Will the father be registered?", "required", "yes", "appearance", "horizontal"),
		q("text", "given_name", "Nombre del padre", "Father's given name", "required", "yes", "x_attr", "father.given_name", "relevant", "${father_named} = 'yes'"),
		q("text", "surname", "Primer apellido del padre", "Father's first surname", "x_attr", "father.surname", "relevant", "${father_named} = 'yes'"),
		q("date", "birth_date", "Fecha de nacimiento del padre", "Father's date of birth", "x_attr", "father.birth_date", "x_partial", "yes", "relevant", "${father_named} = 'yes'",
			"constraint", ". < today()", "constraint_message::Español (es)", "La fecha aún no ha llegado.", "constraint_message::English (en)", "This day has not come yet."),
		q("end group", "", "", ""),

		q("begin group", "home", "La casa", "The home"),
		q("text", "address", "Dirección", "Address", "x_attr", "address", "hint::Español (es)", "O cómo se llega", "hint::English (en)", "Or how to get there"),
		q("text", "locality", "Localidad", "Village or town", "x_attr", "locality"),
		q("text", "municipality", "Municipio", "Municipality", "x_attr", "municipality"),
		q("text", "phone", "Teléfono", "Telephone", "x_attr", "phone", "appearance", "numbers",
			"constraint", "regex(., '^[0-9 +]{7,16}$')", "constraint_message::Español (es)", "Un teléfono tiene de 7 a 16 cifras.", "constraint_message::English (en)", "A telephone has 7 to 16 digits."),
		q("integer", "siblings_alive", "¿Cuántos hermanos vivos tiene?", "How many living brothers and sisters are there?", "constraint", ". >= 0 and . <= 25",
			"constraint_message::Español (es)", "Un número de 0 a 25.", "constraint_message::English (en)", "A number from 0 to 25."),
		q("begin repeat", "siblings", "Hermano o hermana", "Brother or sister", "x_start", "0", "relevant", "${siblings_alive} > 0"),
		q("text", "given_name", "Nombre", "Given name", "required", "yes", "x_attr", "given_name"),
		q("date", "birth_date", "Fecha de nacimiento", "Date of birth", "x_attr", "birth_date", "x_partial", "yes",
			"constraint", ". <= today()", "constraint_message::Español (es)", "La fecha aún no ha llegado.", "constraint_message::English (en)", "This day has not come yet."),
		q("end repeat", "", "", ""),
		q("end group", "", "", ""),

		q("begin group", "proof", "Quién informa y con qué papeles", "Who informs, and with which papers"),
		q("select_one relation", "informant", "¿Quién da los datos?", "Who gives the information?", "required", "yes"),
		q("text", "informant_name", "Nombre de quien da los datos", "Name of the person who informs", "x_attr", "informant.full_name", "relevant", "${informant} != 'mother' and ${informant} != 'father'"),
		q("select_multiple paper", "papers", "¿Qué papeles enseña?", "Which papers are shown?", "constraint", "not(selected(., 'none') and count-selected(.) > 1)",
			"constraint_message::Español (es)", "\"Ninguno\" va solo.", "constraint_message::English (en)", "\"None\" stands alone."),
		q("image", "photo", "Foto del papel, o del niño", "Photo of the paper, or of the child", "x_attr", "photo"),
		q("calculate", "late", "", "", "calculation", "if(../../child/birth_date != '' and today() - ../../child/birth_date > 60, 'yes', 'no')"),
		q("text", "late_reason", "¿Por qué se registra hasta ahora?", "Why is the birth registered only now?", "relevant", "${late} = 'yes'",
			"hint::Español (es)", "Han pasado más de 60 días", "hint::English (en)", "More than 60 days have passed"),
		q("select_one late_proof", "late_proof", "¿Con qué se comprueba el nacimiento?", "What shows that the birth took place?", "relevant", "${late} = 'yes'"),
		q("text", "witness_1", "Nombre del primer testigo", "Name of the first witness", "required", "yes", "relevant", "${late} = 'yes' and ${late_proof} = 'two_witnesses'"),
		q("text", "witness_2", "Nombre del segundo testigo", "Name of the second witness", "required", "yes", "relevant", "${late} = 'yes' and ${late_proof} = 'two_witnesses'"),
		q("note", "thanks", "Gracias. ${child_name} quedará en el registro.", "Thank you. ${child_name} will be in the register."),
		q("end group", "", "", ""),
	}
	choices := [][]string{
		{"list_name", "name", "label::Español (es)", "label::English (en)"},
		{"sex", "female", "Mujer", "Female"}, {"sex", "male", "Hombre", "Male"}, {"sex", "other", "Otro", "Other"},
		{"where", "home", "En casa", "At home"}, {"where", "clinic", "En el centro de salud", "At the health post"},
		{"where", "hospital", "En el hospital", "At the hospital"}, {"where", "way", "En el camino", "On the way"}, {"where", "elsewhere", "En otro lugar", "Somewhere else"},
		{"helper", "midwife", "Partera", "Midwife"}, {"helper", "nurse", "Enfermera o enfermero", "Nurse"}, {"helper", "doctor", "Médica o médico", "Doctor"},
		{"helper", "family", "Alguien de la familia", "Someone of the family"}, {"helper", "nobody", "Nadie", "Nobody"},
		{"tongue", "spa", "Español", "Spanish"}, {"tongue", "nah", "Náhuatl", "Nahuatl"}, {"tongue", "yua", "Maya", "Maya"}, {"tongue", "zap", "Zapoteco", "Zapotec"},
		{"tongue", "mix", "Mixteco", "Mixtec"}, {"tongue", "tzo", "Tsotsil", "Tzotzil"}, {"tongue", "tze", "Tseltal", "Tzeltal"}, {"tongue", "oth", "Otra", "Another"},
		{"yes_no", "yes", "Sí", "Yes"}, {"yes_no", "no", "No", "No"},
		{"relation", "mother", "La madre", "The mother"}, {"relation", "father", "El padre", "The father"}, {"relation", "relative", "Otro familiar", "Another relative"},
		{"relation", "midwife", "La partera", "The midwife"}, {"relation", "authority", "Una autoridad del lugar", "An authority of the place"}, {"relation", "other", "Otra persona", "Someone else"},
		{"paper", "birth_notice", "Constancia de nacimiento", "Notice of birth"}, {"paper", "mother_id", "Identificación de la madre", "Mother's identity paper"},
		{"paper", "father_id", "Identificación del padre", "Father's identity paper"}, {"paper", "vaccination", "Cartilla de vacunación", "Vaccination card"},
		{"paper", "marriage", "Acta de matrimonio", "Marriage certificate"}, {"paper", "none", "Ninguno", "None"},
		{"late_proof", "notice", "Constancia de nacimiento", "Notice of birth"}, {"late_proof", "vaccination", "Cartilla de vacunación", "Vaccination card"},
		{"late_proof", "baptism", "Fe de bautismo", "Baptism record"}, {"late_proof", "school", "Papeles de la escuela", "School papers"},
		{"late_proof", "two_witnesses", "Dos testigos", "Two witnesses"}, {"late_proof", "authority", "Carta de una autoridad del lugar", "Letter of an authority of the place"},
		{"late_proof", "none", "Nada por ahora", "Nothing for now"},
	}
	settings := [][]string{
		{"form_id", "form_title", "form_title::Español (es)", "form_title::English (en)", "version", "default_language", "x_service"},
		{"birth", "Registro de nacimiento", "Registro de nacimiento", "Birth registration", "2", "Español (es)", "birth"},
	}
	return []sheet{{"survey", survey}, {"choices", choices}, {"settings", settings}, {"x_words", words()}}
}

var birthColumns = []string{
	"type", "name", "label::Español (es)", "label::English (en)", "hint::Español (es)", "hint::English (en)", "required", "relevant",
	"constraint", "constraint_message::Español (es)", "constraint_message::English (en)", "calculation", "appearance",
	"x_attr", "x_partial", "x_start", "x_absent",
}

func birthColumn(name string) int {
	for i, c := range birthColumns {
		if c == name {
			return i
		}
	}
	panic("no column " + name)
}

// febrlForm takes the columns of a list of people as they are: nothing is
// required, because lists have gaps.
func febrlForm() []sheet {
	row := func(typ, name, es, en, attr, partial string) []string {
		return []string{typ, name, es, en, attr, partial}
	}
	survey := [][]string{
		{"type", "name", "label::Español (es)", "label::English (en)", "x_attr", "x_partial"},
		row("begin group", "person", "La persona", "The person", "", ""),
		row("text", "given_name", "Nombre", "Given name", "given_name", ""),
		row("text", "surname", "Apellido", "Surname", "surname", ""),
		row("date", "date_of_birth", "Fecha de nacimiento", "Date of birth", "birth_date", "yes"),
		row("text", "soc_sec_id", "Número de seguro", "Social security number", "national_id", ""),
		row("end group", "", "", "", "", ""),
		row("begin group", "home", "Dónde vive", "Where the person lives", "", ""),
		row("text", "street_number", "Número", "House number", "house_number", ""),
		row("text", "address_1", "Calle", "Street", "address", ""),
		row("text", "address_2", "Edificio o lugar", "Building or place", "address_more", ""),
		row("text", "suburb", "Localidad", "Suburb or town", "locality", ""),
		row("text", "postcode", "Código postal", "Postcode", "postcode", ""),
		row("text", "state", "Estado", "State", "state", ""),
		row("end group", "", "", "", "", ""),
	}
	settings := [][]string{
		{"form_id", "form_title", "form_title::Español (es)", "form_title::English (en)", "version", "default_language", "x_service"},
		{"febrl", "People from a list", "Personas de una lista", "People from a list", "1", "English (en)", "list"},
	}
	return []sheet{{"survey", survey}, {"settings", settings}}
}
