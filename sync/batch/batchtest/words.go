package batchtest

import (
	"math/rand/v2"
	"strings"
)

// The head of each list is written out, most common first; the long tail is
// made of syllables.
var (
	women = strings.Fields(`María Guadalupe Juana Margarita Verónica Leticia Rosa Elizabeth Alejandra Patricia
		Gabriela Yolanda Teresa Ana Silvia Adriana Carmen Francisca Josefina Laura Sofía Valentina Ximena Regina Camila
		Renata Fernanda Isabella Daniela Natalia Andrea Victoria Mariana Romina Abigail Esmeralda Luz Citlali Itzel Xóchitl
		Rocío Lucía Elena Martha Norma Araceli Paola Lourdes Dulce Flor Julieta Emilia Mía Luciana Aurora Rubí Nayeli Yaretzi`)
	men = strings.Fields(`José Juan Miguel Luis Francisco Antonio Jesús Alejandro Pedro Carlos Manuel Ricardo Fernando
		Daniel Jorge Roberto Eduardo Javier Raúl Arturo Santiago Mateo Sebastián Leonardo Emiliano Diego Matías Iker Gael
		Ángel David Emmanuel Óscar Víctor Rafael Sergio Héctor Enrique Alfredo Gerardo Armando Martín Salvador Andrés Saúl
		Rubén Ismael Ulises Iván Omar Hugo César Noé Elías Isaac Rodrigo Adrián Felipe Tomás Bruno Leonel Aldo`)
	families = strings.Fields(`Hernández García Martínez López González Pérez Rodríguez Sánchez Ramírez Cruz Flores Gómez
		Morales Vázquez Reyes Jiménez Torres Díaz Gutiérrez Ruiz Mendoza Aguilar Ortiz Moreno Castillo Romero Álvarez Méndez
		Chávez Rivera Juárez Ramos Domínguez Herrera Medina Castro Vargas Guzmán Velázquez Rojas Contreras Salazar Luna Ortega
		Santiago Guerrero Estrada Bautista Cortés Soto Alvarado Espinoza Lara Ávila Ríos Cervantes Silva Delgado Vega Márquez
		Sandoval Carrillo León Mejía Solís Núñez Rosas Valdez Ibarra Campos Santos Camacho Peña Maldonado Navarro Rosales
		Acosta Miranda Trejo Cabrera Valencia Nava Castañeda Pacheco Robles Molina Fuentes Huerta Meza Zamora`)
	streets = strings.Fields(`Hidalgo Juárez Morelos Independencia Reforma Zaragoza Allende Matamoros Guerrero Madero
		Revolución Constitución Galeana Aldama Victoria Libertad Abasolo Obregón Carranza Niños Progreso Porvenir Flores Nogal`)
	trades = strings.Fields(`campesino jornalero albañil comerciante ama_de_casa chofer maestro mecánico empleado carpintero
		estudiante artesano panadero enfermera policía obrero pescador plomero electricista cocinera tejedora herrero`)
)

// tail lengthens a list with words of a sound like Spanish.
func tail(head []string, n int, seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 7))
	known := map[string]bool{}
	list := make([]string, 0, n)
	for _, w := range head {
		if !known[w] && len(list) < n {
			known[w] = true
			list = append(list, w)
		}
	}
	for len(list) < n {
		var b strings.Builder
		for range 2 + r.IntN(3) {
			b.WriteString(onsets[r.IntN(len(onsets))])
			b.WriteString(vowels[r.IntN(len(vowels))])
		}
		b.WriteString(codas[r.IntN(len(codas))])
		w := title(b.String())
		if !known[w] {
			known[w] = true
			list = append(list, w)
		}
	}
	return list
}

var (
	onsets = strings.Split("b c d f g h j l m n p r s t v z ch ll tr qu br cr gr x y", " ")
	vowels = strings.Split("a e i o u a e o ia ue", " ")
	codas  = strings.Split("s n z l r ", " ")
)

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// stranger spells a word that no list has, counting what it is worth: length,
// then each syllable.
func (d *dice) stranger() string {
	var b strings.Builder
	for range 2 + d.even(3) {
		b.WriteString(onsets[d.even(len(onsets))])
		b.WriteString(vowels[d.even(len(vowels))])
	}
	return title(b.String()) + codas[d.even(len(codas))]
}
