"""Permissions in studies. Every page, file and job of a study asks here, and nowhere else."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Protocol

from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

from studyplatform.models import StudyMember
from surveys.models import Study

AnyUser = User | AnonymousUser


class Right(StrEnum):
    """What a member may do in a study."""

    VIEW = "view"
    SEE_DATA = "see data"
    MAKE_CHANGES = "make changes"
    OWN = "own"


ALL_RIGHTS = frozenset(Right)
FLAGS = {
    Right.SEE_DATA: "see_data",
    Right.MAKE_CHANGES: "make_changes",
    Right.OWN: "owner",
}
"""The column of StudyMember that gives each right; every member may view."""


class StudyView(Protocol):
    """A view of a study, which gets the study in place of its slug."""

    def __call__(
        self, request: HttpRequest, study: Study, /, *args: Any, **kwargs: Any
    ) -> HttpResponseBase: ...


View = Callable[..., HttpResponseBase]


def is_administrator(user: AnyUser) -> bool:
    """Return whether the user may do everything in every study."""
    return isinstance(user, User) and user.is_active and user.is_superuser


def studies_of(user: AnyUser, right: Right = Right.VIEW) -> QuerySet[Study]:
    """Return the studies in which the user has the right: all of them for an administrator."""
    if is_administrator(user):
        return Study.objects.all()
    memberships = _memberships(user)
    if right in FLAGS:
        memberships = memberships.filter(**{FLAGS[right]: True})
    return Study.objects.filter(pk__in=memberships.values("study"))


def rights_in(user: AnyUser, study: Study) -> frozenset[Right]:
    """Return the user's rights in the study; empty for everybody who is not a member."""
    if is_administrator(user):
        return ALL_RIGHTS
    member = _memberships(user).filter(study=study).first()
    if member is None:
        return frozenset()
    return frozenset({Right.VIEW, *(r for r, flag in FLAGS.items() if getattr(member, flag))})


def has_right(user: AnyUser, study: Study, right: Right) -> bool:
    """Return whether the user has the right in the study."""
    return right in rights_in(user, study)


def _memberships(user: AnyUser) -> QuerySet[StudyMember]:
    if not isinstance(user, User):
        return StudyMember.objects.none()
    return StudyMember.objects.filter(user=user, user__is_active=True)


def for_researchers(view: View) -> View:
    """Restrict a page of the admin to its users who may view studies."""
    allowed = permission_required("surveys.view_study", raise_exception=True)(view)
    return staff_member_required(never_cache(allowed))


def signed_in(view: View) -> View:
    """Restrict the view to people who are signed in. Everybody else is sent to the sign-in."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded


def study_page(right: Right) -> Callable[[StudyView], View]:
    """Restrict the view to people with the right in the study whose slug is in the URL.

    The view gets the study in place of the slug. Without the right the answer is 404, exactly as
    for a study that does not exist.
    """

    def decorate(view: StudyView) -> View:
        @signed_in
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            study = (
                studies_of(request.user, right)
                .select_related("image_set", "classifier")
                .filter(slug=slug)
                .first()
            )
            if study is None:
                raise Http404("There is no such study, or you may not see this page of it.")
            return view(request, study, *args, **kwargs)

        return guarded

    return decorate
