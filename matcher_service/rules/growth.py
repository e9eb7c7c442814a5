"""Growth: faces that surely match a guest serve as templates, which find faces that the selfie alone does not."""

import numpy as np
import numpy.typing as npt

from matcher_service.matching import Encodings
from matcher_service.rules.event import Limits
from matcher_service.rules.pairs import Comparison, Nearby, Pairs, Rows
from matcher_service.rules.rejection import Rejection


class Growth:
    """Compares the faces of an event with templates. `may_be_template`: which of the faces are good enough, (n,)."""

    def __init__(
        self, comparison: Comparison, encodings: Encodings, may_be_template: npt.NDArray[np.bool_], limits: Limits
    ) -> None:
        self._comparison = comparison
        self._encodings = encodings
        self._may_be_template = may_be_template
        self._limits = limits

    def grow(self, place: int, sure: Nearby, direct: Nearby, refused: Rows, rejection: Rejection) -> Pairs:
        """The pairs of a person: `direct` matches, whose distance a nearer template may reduce, and the faces that
        templates find. The first templates are the nearest of `sure`. Faces in `refused` are neither templates nor
        found; nor are faces that the `rejection` excludes, by their distance from the selfie or nearest template."""
        best = np.full(len(self._encodings), np.inf)
        best[direct.faces] = direct.distances
        is_direct = np.isfinite(best)
        is_direct[direct.faces[rejection.find(direct.faces, direct.distances)]] = False
        templates = np.empty(0, np.intp)
        candidates = sure.within(self._limits.template_distance)
        for _ in range(self._limits.growth_rounds):
            templates = self._choose(candidates, templates)
            near = self._find_near(templates, refused)
            best[near.faces] = np.minimum(best[near.faces], near.distances)
            joined = near.select(~is_direct[near.faces])
            candidates = joined.select(~rejection.find(joined.faces, best[joined.faces]))
            if not len(candidates.faces):
                break
        faces = np.flatnonzero(np.isfinite(best))
        found = rejection.drop(Nearby(faces, best[faces]))
        count = len(found.faces)
        return Pairs(np.full(count, place, np.intp), found.faces, found.distances, ~is_direct[found.faces])

    def _choose(self, candidates: Nearby, templates: Rows) -> Rows:
        """Adds the nearest candidates to the templates, up to the maximum; the order of faces decides ties."""
        usable = self._may_be_template[candidates.faces] & ~np.isin(candidates.faces, templates)
        faces, distances = candidates.faces[usable], candidates.distances[usable]
        order = np.argsort(distances, kind="stable")[: self._limits.max_templates - len(templates)]
        return np.concatenate([templates, faces[order]])

    def _find_near(self, templates: Rows, refused: Rows) -> Nearby:
        """Faces within the growth distance of a template, with the distance to the nearest one. A template is not
        compared with itself."""
        limit = self._limits.growth_distance
        queries = self._encodings[templates]
        faces = np.setdiff1d(self._comparison.find_within(queries, limit), refused)
        if not len(faces):
            return Nearby(faces, np.empty(0))
        distances = self._comparison.measure(queries, faces)
        distances[templates[:, None] == faces] = np.inf
        return Nearby(faces, distances.min(axis=0)).within(limit)
