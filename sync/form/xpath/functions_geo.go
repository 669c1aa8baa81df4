package xpath

import (
	"math"
	"strconv"
	"strings"
)

const earthRadius = 6378100 // metres, as ODK takes it

type point struct{ lat, lon float64 }

func geoFunctions() map[string]*function {
	area := &function{1, -1, func(c *Call) (Value, error) {
		points, ok, err := c.points()
		if err != nil || !ok || len(points) < 3 {
			return Num(0), err
		}
		return Num(math.Round(areaOf(points)*100) / 100), nil
	}}
	return map[string]*function{
		"distance": {1, -1, func(c *Call) (Value, error) {
			points, ok, err := c.points()
			if err != nil || !ok || len(points) < 2 {
				return Num(math.NaN()), err
			}
			var sum float64
			for i := 1; i < len(points); i++ {
				sum += between(points[i-1], points[i])
			}
			return Num(math.Round(sum*100) / 100), nil
		}},
		"area": area, "enclosed-area": area,
		"geofence": {2, 2, func(c *Call) (Value, error) {
			at, err := c.Text(0)
			if err != nil {
				return Value{}, err
			}
			fence, err := c.Text(1)
			if err != nil {
				return Value{}, err
			}
			p, ok := readPoints(at)
			f, fine := readPoints(fence)
			return Bool(ok && fine && len(p) > 0 && inside(p[0], f)), nil
		}},
	}
}

func (c *Call) points() ([]point, bool, error) {
	values, err := c.spread(0, 1)
	var out []point
	for _, v := range values {
		p, ok := readPoints(v.Text())
		if !ok {
			return nil, false, err
		}
		out = append(out, p...)
	}
	return out, true, err
}

// readPoints reads "lat lon alt accuracy; …".
func readPoints(s string) ([]point, bool) {
	var out []point
	for _, part := range strings.Split(strings.TrimSuffix(strings.TrimSpace(s), ";"), ";") {
		f := strings.Fields(part)
		if len(f) < 2 || len(f) > 4 {
			return nil, false
		}
		lat, err := strconv.ParseFloat(f[0], 64)
		if err != nil || math.Abs(lat) > 90 {
			return nil, false
		}
		lon, err := strconv.ParseFloat(f[1], 64)
		if err != nil || math.Abs(lon) > 180 {
			return nil, false
		}
		out = append(out, point{lat, lon})
	}
	return out, true
}

func radians(deg float64) float64 { return deg * math.Pi / 180 }

func between(a, b point) float64 {
	dLat, dLon := radians(b.lat-a.lat), radians(b.lon-a.lon)
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(radians(a.lat))*math.Cos(radians(b.lat))*math.Pow(math.Sin(dLon/2), 2)
	return 2 * earthRadius * math.Asin(math.Sqrt(h))
}

func areaOf(p []point) float64 {
	var sum float64
	for i := range p {
		a, b := p[i], p[(i+1)%len(p)]
		sum += radians(b.lon-a.lon) * (2 + math.Sin(radians(a.lat)) + math.Sin(radians(b.lat)))
	}
	return math.Abs(sum * earthRadius * earthRadius / 2)
}

// inside counts how often a line from the point crosses the fence.
func inside(p point, fence []point) bool {
	in := false
	for i := range fence {
		a, b := fence[i], fence[(i+1)%len(fence)]
		if (a.lon > p.lon) != (b.lon > p.lon) && p.lat < (b.lat-a.lat)*(p.lon-a.lon)/(b.lon-a.lon)+a.lat {
			in = !in
		}
	}
	return in
}
