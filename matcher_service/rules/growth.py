"""Growth: photos in which a guest is surely seen help to find those in which the selfie alone does not."""

import numpy as np
import numpy.typing as npt

from matcher_service.matching import Encodings
from matcher_service.rules.event import Limits
from matcher_service.rules.pairs import Comparison, Nearby, Pairs, Rows
from matcher_service.rules.rejection import Rejection


class Growth:
    """Compares the faces of an event with templates. `may_be_template`: (n,) bool."""

    def __init__(
        self, comparison: Comparison, encodings: Encodings, may_be_template: npt.NDArray[np.bool_], limits: Limits
    ) -> None:
        self._comparison = comparison
        self._encodings = encodings
        self._may_be_template = may_be_template
        self._limits = limits

    def grow(self, place: int, sure: Nearby, direct: Nearby, refused: Rows, rejection: Rejection) -> Pairs:
        """The pairs of a person: `direct`, in each of which templates may be nearer than the selfie, and the faces that
        join. Templates are the nearest of `sure` at first; faces `refused` are neither templates nor found, and nor are
        those of the `rejection` but for faces to which the templates are nearer."""
        best = np.full(len(self._encodings), np.inf)
        best[direct.faces] = direct.distances
        is_direct = np.isfinite(best)
        is_direct[direct.faces[rejection.find(direct.faces, direct.distances)]] = False
        templates = np.empty(0, np.intp)
        candidates = sure.within(self._limits.template_distance)
        for votes in self._limits.votes:
            templates = self._choose(candidates, templates)
            near = self._find_voted(templates, votes, refused)
            best[near.faces] = np.minimum(best[near.faces], near.distances)
            joined = near.faces[~is_direct[near.faces]]
            joined = rejection.drop(Nearby(joined, best[joined])).faces
            if not len(joined):
                break
            candidates = self._find_agreeing(templates, joined)
        faces = np.flatnonzero(np.isfinite(best))
        found = rejection.drop(Nearby(faces, best[faces]))
        count = len(found.faces)
        return Pairs(np.full(count, place, np.intp), found.faces, found.distances, ~is_direct[found.faces])

    def _choose(self, candidates: Nearby, templates: Rows) -> Rows:
        """The templates and the nearest candidates, ties by the order of faces, up to the most that a person has."""
        usable = self._may_be_template[candidates.faces] & ~np.isin(candidates.faces, templates)
        faces, distances = candidates.faces[usable], candidates.distances[usable]
        order = np.argsort(distances, kind="stable")[: self._limits.max_templates - len(templates)]
        return np.concatenate([templates, faces[order]])

    def _find_agreeing(self, templates: Rows, joined: Rows) -> Nearby:
        """Those that joined and are as near to two templates as a template must be to the selfie."""
        votes = self._limits.votes[0]
        distances = np.sort(self._comparison.measure(self._encodings[templates], joined), axis=0)[votes - 1]
        return Nearby(joined, distances).within(self._limits.template_distance)

    def _find_voted(self, templates: Rows, votes: int, refused: Rows) -> Nearby:
        """Faces within the tolerance of growth of so many templates, and the distance to the last one of them."""
        limit = self._limits.growth_tolerance
        queries = self._encodings[templates]
        faces = np.setdiff1d(self._comparison.find_within(queries, limit, votes), refused)
        if not len(faces):
            return Nearby(faces, np.empty(0))
        return Nearby(faces, np.sort(self._comparison.measure(queries, faces), axis=0)[votes - 1]).within(limit)
