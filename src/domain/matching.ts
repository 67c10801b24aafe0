/**
 * Whether people can fill places so that each person fills one place only: a maximum bipartite matching by
 * augmenting paths. Exact, and small enough: a tier has at most a few dozen places.
 */

/** For each place the person that fills it, by index, or undefined where it stays empty. */
export type Seating = (number | undefined)[];

/** Fills as many of `places` as possible; `fits(person, place)` says who may fill what. */
export function fillPlaces(places: number, people: number, fits: (person: number, place: number) => boolean): Seating {
  const placeOf = new Map<number, number>();
  const seating: Seating = Array.from({ length: places }, () => undefined);
  const seat = (place: number, tried: Set<number>): boolean => {
    for (let person = 0; person < people; person += 1) {
      if (tried.has(person) || !fits(person, place)) continue;
      tried.add(person);
      const taken = placeOf.get(person);
      if (taken !== undefined && !seat(taken, tried)) continue;
      placeOf.set(person, place);
      seating[place] = person;
      return true;
    }
    return false;
  };
  for (let place = 0; place < places; place += 1) seat(place, new Set());
  return seating;
}
