package people

import "strings"

// Names by falling frequency; the first is the commonest.
func mexicanMen() []string {
	return strings.Fields(`José Juan Luis Carlos Jesús Miguel Francisco Antonio Pedro Alejandro Manuel Jorge Ricardo Fernando Roberto Rafael Eduardo
Javier Daniel Sergio Arturo Raúl Óscar Mario Víctor Ángel Héctor Armando Enrique Alberto Guillermo David Rubén Alfredo Martín Gerardo Salvador
Ramón Julio Gabriel Felipe Marcos Adrián Pablo Ernesto Gustavo Andrés Hugo Ignacio Agustín Tomás Benito Emiliano Diego Rodrigo Iván Santiago
Leonardo Mateo Cristian Omar Abel Rogelio Eusebio Federico Lorenzo Esteban Nicolás Bernardo Hilario Cirilo Fidel Joaquín Leopoldo Porfirio
Isidro Efraín Gilberto Moisés Elías Genaro Saúl Noé Isaías Ulises Cuauhtémoc Nezahualcóyotl Itzcóatl Tonatiuh Erasmo Fausto Melquiades
Anselmo Crescencio Epifanio Filemón Gregorio Heriberto Humberto Jacinto Leandro Macario Norberto Octavio Plácido Quirino Reynaldo Severiano
Teodoro Urbano Valentín Wenceslao Zenón`)
}

func mexicanWomen() []string {
	return strings.Fields(`María Guadalupe Juana Margarita Verónica Leticia Rosa Patricia Elizabeth Gabriela Ana Alejandra Martha Teresa Yolanda Silvia
Sandra Laura Claudia Francisca Josefina Carmen Adriana Araceli Norma Mónica Gloria Alicia Irma Maricela Beatriz Susana Lucía Elena Cristina
Luz Isabel Rocío Esther Antonia Karla Diana Blanca Lorena Angélica Catalina Sofía Fernanda Daniela Mariana Valeria Ximena Camila Renata
Andrea Natalia Regina Victoria Esperanza Soledad Dolores Concepción Socorro Consuelo Amparo Refugio Micaela Petra Juliana Eulalia Eufemia
Xóchitl Citlali Itzel Yaretzi Nayeli Ixchel Quetzalli Tlalli Zyanya Erandi Tzitziki Donají Amalia Bertha Celia Delfina Emilia Felícitas
Graciela Hortensia Imelda Jacinta Lidia Minerva Natividad Ofelia Paula Ramona Sabina Tomasa Úrsula Virginia Zenaida`)
}

func mexicanSurnames() []string {
	return strings.Fields(`Hernández García Martínez López González Pérez Rodríguez Sánchez Ramírez Cruz Flores Gómez Morales Vázquez Jiménez Reyes
Torres Díaz Gutiérrez Ruiz Aguilar Mendoza Castillo Ortiz Moreno Rivera Ramos Romero Juárez Álvarez Méndez Chávez Domínguez Herrera Medina
Castro Vargas Guzmán Velázquez Muñoz Rojas Contreras Salazar Luna Delacruz Ortega Guerrero Santiago Estrada Bautista Cortés Soto Alvarado
Espinoza Lara Ávila Ríos Cervantes Silva Delgado Vega Márquez Sandoval Carrillo León Fernández Solís Cabrera Núñez Rosas Valdez Ibarra
Campos Santos Camacho Peña Maldonado Navarro Rosales Acosta Miranda Trejo Cárdenas Nava Robles Salinas Mejía Pacheco Valencia Molina
Rangel Ochoa Padilla Meza Lozano Orozco Zamora Galván Zúñiga Calderón Barrera Montes Escobar Serrano Velasco Villanueva Arellano Bravo
Cisneros Franco Olvera Corona Rubio Tapia Macías Durán Pineda Figueroa Villaseñor Suárez Andrade Montoya Esquivel Beltrán Osorio Huerta
Gallegos Quintero Mora Villarreal Rocha Cortez Zavala Félix Leyva Arias Cuevas Ponce Bernal Tovar Aguirre Enríquez Becerra Lucero
Ixtlahuaca Tlahuice Xolalpa Cuautle Tecuapetla Coyotl Ehécatl Ixcoy Tzompantzi Xicohténcatl Cuatepotzo Popoca Tecuanhuehue Tlatelpa
Ek Chan Pech Canul Dzul Uc Tun Caamal Chi Ku Poot Cauich Balam Xool Tzuc May Puc Couoh Hau Noh Tuz Dzib Ac Kauil Ciau Moo Nahuat
Ñuu Yaxi Nandi Xhunaxi Guela Lachi Yoo Dxi Bedxe Tzotzil Tzintzun Cuiriz Erape Huaroco Tzipacua Guzmaro Zacapu Huipe Tarasco
Bermejo Carmona Dávila Echeverría Farías Garduño Hinojosa Iturbide Jaramillo Landa Manríquez Negrete Oropeza Palacios Quiroz Rentería
Sepúlveda Terán Urbina Valladares Yáñez Zaragoza Arce Barajas Cano Duarte Elizondo Fuentes Granados Hidalgo Iñiguez Jasso Lemus Mireles
Nieto Olmos Paredes Quezada Resendiz Segura Tirado Uribe Varela Yépez Zepeda Alcántara Bustamante Ceballos Dorantes Espejel Fierro
Gamboa Haro Izquierdo Juaristi Ledesma Monroy Nájera Oviedo Portillo Quintana Rosado Saldaña Toledo Ugalde Vera Ybarra Zárate`)
}

// places are a state with its municipalities and what localities are called.
type place struct{ state, municipality, locality string }

func mexicanPlaces() []place {
	states := []struct{ name, municipalities string }{
		{"Oaxaca", "Tlacolula Etla Ocotlán Miahuatlán Juchitán Tehuantepec Huajuapan Tlaxiaco Nochixtlán Pochutla Ixtlán Zimatlán Ejutla Putla"},
		{"Chiapas", "Comitán Ocosingo Palenque Tonalá Villaflores Tapachula Chamula Zinacantán Yajalón Motozintla Simojovel"},
		{"Puebla", "Cholula Atlixco Teziutlán Zacatlán Cuetzalan Tehuacán Huauchinango Ajalpan Acatlán"},
		{"Guerrero", "Chilapa Tlapa Ometepec Iguala Taxco Ayutla Metlatónoc Olinalá"},
		{"Yucatán", "Valladolid Tizimín Ticul Oxkutzcab Motul Izamal Peto Tekax Umán"},
		{"Veracruz", "Papantla Zongolica Acayucan Coatepec Huatusco Misantla Tantoyuca Perote"},
		{"México", "Toluca Texcoco Chalco Tenancingo Atlacomulco Zumpango Amecameca"},
		{"Michoacán", "Pátzcuaro Uruapan Zitácuaro Apatzingán Quiroga Tacámbaro"},
	}
	quarters := strings.Fields("Centro Norte Guadalupe Reforma Juárez Hidalgo Santa-Cruz San-Isidro El-Rosario La-Loma Las-Flores Buenavista")
	var out []place
	for _, s := range states {
		for _, m := range strings.Fields(s.municipalities) {
			for _, q := range quarters {
				out = append(out, place{s.name, m, strings.ReplaceAll(q, "-", " ")})
			}
		}
	}
	return out
}
