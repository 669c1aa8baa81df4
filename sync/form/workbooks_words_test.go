package form_test

import "strings"

// words are names that are common where Spanish is spoken, of our own choosing;
// known to both ends they need not travel letter by letter.
func words() [][]string {
	rows := [][]string{{"question", "word"}}
	for _, list := range []struct{ attribute, words string }{
		{"given_name", givenNames}, {"surname", surnames}, {"second_surname", surnames},
	} {
		for _, w := range strings.Fields(list.words) {
			rows = append(rows, []string{list.attribute, w})
		}
	}
	return rows
}

const givenNames = `
Adela Adriana Agustín Aída Alberto Alejandra Alejandro Alfonso Alfredo Alicia Alma Alonso Álvaro Amalia Amparo
Ana Andrea Andrés Ángel Ángela Angélica Antonia Antonio Araceli Armando Arturo Aurelio Aurora Beatriz Benito
Bernardo Berta Blanca Brenda Camila Carla Carlos Carmen Carolina Catalina Cecilia César Clara Claudia
Concepción Consuelo Cristina Cristóbal Dafne Daniel Daniela David Delfina Diana Diego Dolores Domingo Dulce
Edgar Eduardo Elena Elías Elisa Elvira Emilia Emiliano Emilio Enrique Erika Ernesto Esperanza Estela Esteban
Esther Eugenia Eva Fabiola Federico Felipe Félix Fernanda Fernando Fidel Flor Francisca Francisco Gabriel
Gabriela Genaro Gerardo Gilberto Gloria Gonzalo Graciela Gregorio Guadalupe Guillermo Gustavo Héctor Hilda
Hugo Ignacio Inés Irene Iris Irma Isabel Isaías Isidro Iván Jacinto Jaime Javier Jesús Jimena Joaquín Joel
Jorge José Josefina Juan Juana Julia Julián Julio Justina Karla Laura Lázaro Leonardo Leonor Leticia Lidia
Lilia Lorenzo Lourdes Lucas Lucía Luis Luisa Luz Magdalena Manuel Manuela Marcela Marcelino Marcos Margarita
María Mariana Mario Marisol Marta Martín Mateo Matilde Mauricio Mercedes Micaela Miguel Minerva Miriam Mónica
Nadia Natalia Nicolás Noemí Norma Octavio Ofelia Olga Omar Óscar Pablo Paola Patricia Paula Pedro Petra Pilar
Rafael Ramiro Ramón Raquel Raúl Rebeca Regina René Ricardo Rita Roberto Rocío Rodolfo Rodrigo Rogelio Rosa
Rosalía Rosario Rubén Ruth Sabina Salvador Samuel Sandra Santiago Sara Saúl Sebastián Sergio Silvia Simón
Sofía Soledad Sonia Susana Teodoro Teresa Tomás Tonatiuh Ulises Valentina Valeria Vanesa Verónica Vicente
Víctor Victoria Violeta Virginia Xóchitl Yolanda Zoila
`

const surnames = `
Acosta Aguilar Aguirre Alarcón Alonso Altamirano Alvarado Álvarez Andrade Antonio Aranda Arellano Arias Ávila
Ayala Baltazar Barrera Bautista Becerra Beltrán Benítez Bernal Bravo Bustamante Caballero Cabrera Calderón
Calvo Camacho Campos Canul Cárdenas Carmona Carrasco Carrillo Castañeda Castillo Castro Ceballos Cervantes
Chan Chávez Chi Cisneros Contreras Cordero Córdova Corona Coronado Cortés Couoh Cruz Cuevas Delgado Díaz
Domínguez Duarte Durán Elizondo Escalante Escobar Espinosa Esquivel Estrada Feliciano Fernández Figueroa
Flores Franco Fuentes Galindo Gallegos García Garza Gaspar Gil Gómez González Guerrero Gutiérrez Guzmán Haro
Heredia Hernández Herrera Hidalgo Huerta Ibarra Iglesias Islas Jaramillo Jiménez Juárez Lara Leal Ledesma León
Leyva Lira López Lorenzo Lozano Lucero Lugo Luna Macías Maldonado Manzano Marín Márquez Martínez Mata May Mayo
Medina Mejía Méndez Mendoza Mercado Meza Miranda Molina Montes Montoya Mora Morales Moreno Mota Muñoz Murillo
Nájera Nava Navarro Nieto Nolasco Núñez Ocampo Ochoa Ojeda Olivares Olvera Ordóñez Orozco Ortega Ortiz Osorio
Pacheco Padilla Palacios Palma Paredes Parra Pascual Pech Peña Peralta Pérez Pineda Ponce Portillo Posada
Quintana Quintero Quiroz Ramírez Ramos Rangel Reyes Reyna Ríos Rivas Rivera Robles Rocha Rodríguez Rojas Román
Romero Rosales Rosas Rubio Ruiz Saavedra Salas Salazar Saldaña Salgado Salinas Sánchez Sandoval Santiago
Santos Segura Serrano Sierra Silva Solano Solís Soriano Sosa Soto Suárez Tapia Téllez Tinoco Toledo Torres
Treviño Trujillo Tun Uc Uribe Valdez Valencia Valenzuela Vargas Vásquez Vega Velasco Velázquez Vera Victoria
Villa Villanueva Xool Yáñez Zamora Zapata Zárate Zavala Zepeda Zúñiga
`
