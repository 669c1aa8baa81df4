package form_test

// healthForm opens a health card, with what a pregnancy needs.
func healthForm() []sheet {
	fertile := "${sex} = 'female' and (today() - ${birth_date}) div 365.25 >= 10 and (today() - ${birth_date}) div 365.25 < 56"
	return service{
		id: "health", version: "1", title: "Cartilla de salud|Health card", languages: []string{spanish, english},
		questions: together(
			group("who", "La persona|The person"),
			nameQuestions("", ""),
			sexQuestion(),
			birthDateQuestion("birth_date", "yes"),
			ask("text", "national_id", "Número de identidad|Identity number", "x_attr", "national_id"),
			ask("select_multiple tongue", "languages", "¿Qué lenguas habla?|Which languages does the person speak?", "x_attr", "language"),
			ask("select_one marital", "marital_status", "Estado civil|Marital status", "x_attr", "marital_status"),
			ask("text", "occupation", "¿A qué se dedica?|What work does the person do?", "x_attr", "occupation"),
			ask("select_one schooling", "education", "¿Hasta qué nivel estudió?|Which level of school was finished?", "x_attr", "education_level"),
			endGroup(),
			group("home", "La casa|The home"),
			homeQuestions(),
			phoneQuestion("phone", "phone", "Teléfono|Telephone"),
			ask("select_one water", "water", "¿De dónde viene el agua para beber?|Where does drinking water come from?", "x_attr", "water_source"),
			ask("select_one toilet", "toilet", "¿Qué baño tiene la casa?|Which toilet does the home have?", "x_attr", "toilet"),
			ask("select_one fuel", "fuel", "¿Con qué cocinan?|What does the family cook with?", "x_attr", "cooking_fuel"),
			endGroup(),
			group("body", "La salud|Health"),
			disabilityQuestion("disability"),
			ask("select_one blood", "blood_group", "Grupo de sangre|Blood group", "x_attr", "blood_group"),
			ask("text", "allergies", "¿Qué no se le debe dar?|What must the person not be given?", "x_attr", "allergies",
				"hint", "Alergias a medicinas o alimentos|Allergies to medicine or food"),
			ask("select_multiple illness", "illness", "¿Qué enfermedad larga tiene?|Which lasting illness is there?", "x_attr", "chronic_illness",
				"constraint", "not(selected(., 'none') and count-selected(.) > 1)", "constraint_message", "\"Ninguna\" va sola.|\"None\" stands alone."),
			ask("select_one yes_no", "vaccinated", "¿Tiene completas las vacunas de su edad?|Are the vaccinations for the age complete?", "appearance", "horizontal", "x_attr", "vaccinated"),
			endGroup(),
			group("pregnancy", "El embarazo|Pregnancy", "relevant", fertile),
			ask("select_one yes_no", "pregnant", "¿Está embarazada?|Is she pregnant?", "required", "yes", "appearance", "horizontal", "x_attr", "pregnant"),
			ask("date", "last_period", "Primer día de la última regla|First day of the last period", "relevant", "${pregnant} = 'yes'", "x_attr", "last_period", "x_partial", "yes",
				"constraint", ". <= today()", "constraint_message", "La fecha aún no ha llegado.|This day has not come yet."),
			ask("integer", "births_alive", "¿Cuántos hijos le han nacido vivos?|How many children were born alive?", "relevant", "${pregnant} = 'yes'", "x_attr", "births_alive",
				"constraint", ". >= 0 and . <= 25", "constraint_message", "Un número de 0 a 25.|A number from 0 to 25."),
			ask("select_multiple danger", "danger", "¿Tiene alguna de estas señales?|Is there any of these signs?", "relevant", "${pregnant} = 'yes'",
				"constraint", "not(selected(., 'none') and count-selected(.) > 1)", "constraint_message", "\"Ninguna\" va sola.|\"None\" stands alone."),
			endGroup(),
			group("contact", "A quién avisar y permiso|Whom to tell, and consent"),
			ask("text", "contact_name", "¿A quién avisamos en una urgencia?|Whom do we tell in an emergency?", "x_attr", "contact.full_name"),
			phoneQuestion("contact_phone", "contact.phone", "Su teléfono|That person's telephone"),
			ask("select_one yes_no", "consent", "¿Permite que otra clínica vea esta cartilla?|May another clinic see this card?", "required", "yes", "appearance", "horizontal",
				"x_attr", "consent", "x_absent", "no"),
			endGroup(),
		),
		lists: []list{
			sexList, yesNo, tongues, marital, schooling, limits, waters, toilets, fuels,
			{"blood", [][2]string{{"o_pos", "O+|O+"}, {"o_neg", "O-|O-"}, {"a_pos", "A+|A+"}, {"a_neg", "A-|A-"}, {"b_pos", "B+|B+"}, {"b_neg", "B-|B-"}, {"ab_pos", "AB+|AB+"}, {"ab_neg", "AB-|AB-"}}},
			{"illness", [][2]string{{"none", "Ninguna|None"}, {"diabetes", "Azúcar (diabetes)|Diabetes"}, {"pressure", "Presión alta|High blood pressure"}, {"asthma", "Asma|Asthma"},
				{"heart", "Del corazón|Of the heart"}, {"fits", "Ataques (epilepsia)|Fits (epilepsy)"}, {"other", "Otra|Another"}}},
			{"danger", [][2]string{{"none", "Ninguna|None"}, {"bleeding", "Sangrado|Bleeding"}, {"headache", "Dolor fuerte de cabeza|Strong headache"},
				{"swelling", "Hinchazón de cara o manos|Swollen face or hands"}, {"fever", "Fiebre|Fever"}}},
		},
	}.sheets()
}

var (
	waters = list{"water", [][2]string{{"inside", "Llave dentro de la casa|Tap in the home"}, {"yard", "Llave en el patio|Tap in the yard"}, {"public", "Llave pública|Public tap"},
		{"well", "Pozo|Well"}, {"spring", "Manantial o río|Spring or river"}, {"rain", "Lluvia|Rain"}, {"truck", "Pipa o garrafón|Truck or bottle"}}}
	toilets = list{"toilet", [][2]string{{"flush", "Con agua|Flush"}, {"pour", "Se le echa agua|Poured with a bucket"}, {"latrine", "Letrina|Latrine"}, {"none", "No hay|None"}}}
	fuels   = list{"fuel", [][2]string{{"gas", "Gas|Gas"}, {"wood", "Leña|Wood"}, {"charcoal", "Carbón|Charcoal"}, {"electric", "Luz|Electricity"}, {"other", "Otra cosa|Something else"}}}
)
