package match

import "strings"

// wellKnown are names that many people bear, one writing of each: where two
// records hold different ones of these, however alike in letters, a clerk did
// not slip, or as likely these are two people. Emilio and Emiliano are twins,
// Vázquez and Velázquez two families. Other writings of a name (Vásquez,
// Helena, Gonzales) must not stand here, so that they stay alike to it.
var wellKnown = wordSet(`
 aaron abel abigail abraham ada adan adela adelina adolfo adrian adriana agustin agustina aida alan alba alberta alberto aldo alejandra alejandro
 alexa alfonso alfredo alicia alma alondra alonso alvaro amado amalia amanda amelia amparo ana anabel anahi andrea andres angel angela angelica
 angelina anselma anselmo antonia antonio aracely ariel armando arnulfo arturo asuncion aurelia aurelio aurora barbara bartolo beatriz belen
 benita benito benjamin bernarda bernardino bernardo bertha blanca brenda brigida bruno camila camilo carina carla carlos carmela carmelo carmen
 carolina catalina cecilia celia celina celso cesar clara claudia claudio clemente concepcion constantino consuelo cristian cristina cristobal
 dalia damian daniel daniela dario david delfina delfino delia diana diego dolores domingo dora dulce edgar edith eduardo efrain elba elena eleuterio
 elias elisa elizabeth elsa elva elvia elvira emilia emiliano emilio emma enrique erasmo eric erika ernestina ernesto esmeralda esperanza esteban
 estefania estela esther eugenia eugenio eulalia eulalio eusebio eva evelia evelyn fabian fabiola fatima faustino federico felicitas felipa felipe felix
 fermin fernanda fernando fidel flavio flor florencia florencio florentino francisca francisco gabino gabriel gabriela gael genaro genoveva georgina
 gerardo german gilberto gisela gloria gonzalo graciela gregoria gregorio griselda guadalupe guillermina guillermo gustavo hector heriberto herminia
 hilaria hilario hilda hipolito horacio hortensia hugo humberto ian ignacia ignacio ines irene iris irma isaac isabel isaias isidro ismael israel itzel
 ivan ivonne jacinta jacinto jacobo jaime janet javier jazmin jesus jimena joaquin joel jonathan jorge josafat jose josefa josefina josue juan juana
 juanita judith julia julian juliana julieta julio justina justino karen karina karla kevin laura leandro leonardo leonel leonor leopoldo leticia lidia
 lilia liliana lorena lorenza lorenzo lourdes lucas lucero lucia luciano lucila lucina lucio luis luisa luz mabel macario magali magdalena manuel manuela
 marcela marcelina marcelino marcelo marco marcos margarita margarito maria mariana mariano maribel maricela maricruz mario marina marisol marlen marta
 martin martina mateo matias matilde mauricio maximino maximo mayra melchor melissa mercedes micaela miguel miranda miriam modesto moises monica nadia
 nancy natalia natividad nayeli nelly nestor nicolas nicolasa noe noel noemi nora norberto norma octavio ofelia olga olivia omar orlando oscar osvaldo
 pablo paloma pamela paola patricia patricio paula paulina paulino paulo pedro perla petra petrona pilar porfirio rafael rafaela ramiro ramon ramona raquel
 raul raymundo rebeca refugio regina reina renata rene reynaldo ricarda ricardo rigoberto roberta roberto rocio rodolfo rodrigo rogelio roman romina
 rosa rosalba rosalia rosalina rosalinda rosalio rosario rosaura rosendo ruben rufina rufino ruth salomon salvador samantha samuel sandra santa santiago
 santos sara saul sebastian selene serafin sergio silvano silverio silvia simon sofia soledad sonia susana tania teodora teodoro teofilo teresa tomas
 tomasa ulises uriel valente valentin valentina valeria vanessa vicenta vicente victor victoria violeta virginia viviana wendy ximena xochitl yadira
 yanet yesenia yolanda zenaida zoila
 acevedo acosta aguilar aguilera aguirre alarcon alcantara alfaro almanza alvarado alvarez amador anaya andrade angeles aparicio aragon aranda arce
 arellano arias arroyo avalos avendano avila ayala balderas ballesteros banuelos barajas barragan barrera barrios barron bautista becerra bello beltran
 benavides benitez bermudez bernal blanco bonilla bravo briones brito bueno bustamante bustos caballero cabrera calderon calixto camacho campos cano
 cardenas cardoso carmona carranza carrasco carrera carrillo castaneda castellanos castillo castro cazares cedillo ceja cerda cervantes cervera cisneros
 colin conde contreras cordero cordova corona coronado corral correa cortes cruz cuellar cuevas davila delgado diaz dominguez duarte duran elizondo
 enriquez escalante escamilla escobar escobedo esparza espinoza esquivel estrada farias fernandez ferrer fierro figueroa flores fonseca franco frias
 fuentes galindo gallardo gallegos galvan gamboa gamez garcia garduno garza gaytan gil godinez gomez gonzalez granados guerra guerrero guevara guillen
 gutierrez guzman haro heredia hernandez herrera hidalgo hinojosa huerta hurtado ibanez ibarra islas jaime jaimes jaramillo jasso jimenez juarez lagunes
 landeros lara ledesma leon leyva limon linares lira llamas loera lopez lozano lucio lugo lujan luna macias madera madrid madrigal maldonado manriquez
 manzano marin marquez marroquin martinez mata matias maya medina medrano mejia melendez melgar mena mendez mendoza menchaca mendieta mercado merino meza
 mireles molina mondragon monroy montalvo montano monterrubio montes montiel montoya mora morales moran moreno mosqueda mota moya munguia munoz
 murillo najera narvaez nava navarrete navarro negrete nieto nieves noriega nunez ocampo ochoa ojeda olivares olivera olmos olvera ontiveros ordaz ordonez
 orozco ortega ortiz osorio otero oviedo pacheco padilla palacios palma palomino paredes parra pascual patino pedraza pena peralta perea perez pineda plata
 ponce portillo posadas prado prieto puente pulido quezada quintana quintero quiroz ramirez ramos rangel rendon renteria resendiz reyes reyna rico rincon
 rios rivas rivera robledo robles rocha rodriguez rojas roldan romero romo rosales rosado rosas rubio ruelas ruiz saavedra salas salazar salcedo saldana
 salgado salinas samano sanchez sandoval santana santillan santos sarabia saucedo segovia segura serna serrano sierra silva solano solis solorzano sosa
 soto suarez tapia tejeda tellez tello teran tinoco tirado toledo toribio torres tovar trejo trevino trinidad trujillo ugalde uribe urrutia valadez valdes
 valdivia valencia valenzuela valle vallejo vanegas varela vargas vazquez vega vela velasco velazquez velez venegas vera verdugo vergara vidal vieyra
 villa villagomez villalobos villanueva villarreal villasenor yanez zamora zamudio zapata zaragoza zarate zavala zepeda zuniga
`)

func wordSet(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// twoKnown tells whether two names are different well-known ones.
func twoKnown(a, b name) bool { return a.known && b.known && a.text != b.text }

// contradict tells whether two records state surnames that name two families:
// one of a pair may agree, the other is wholly another or another well-known
// one. Surnames that merely changed places, or that one of the two records
// lacks, do not contradict.
func contradict(a, b *[2]name) bool {
	twoA, twoB := !a[0].none() && !a[1].none(), !b[0].none() && !b[1].none()
	same := func(x, y name) bool { return alikeNames(x, y) && !twoKnown(x, y) }
	switch {
	case twoA && twoB:
		if same(a[0], b[0]) && same(a[1], b[1]) || same(a[0], b[1]) && same(a[1], b[0]) {
			return false
		}
		return joined(a, b) == other
	case !twoA && !twoB:
		return twoKnown(only(a), only(b))
	case twoB:
		a, b = b, a
	}
	x := only(b) // a has two, b one
	return twoKnown(a[0], x) && (twoKnown(a[1], x) || !alikeNames(a[1], x))
}

// otherNames tells whether given names that are alike in letters are different
// well-known ones: a slip of the pen, or brothers.
func otherNames(a, b names) bool {
	for _, x := range a {
		if hasName(b, x) {
			continue
		}
		for _, y := range b {
			if twoKnown(x, y) && !hasName(a, y) {
				return true
			}
		}
	}
	return false
}
