"""The addresses of the home page, boards, chapters, review and questions."""

from django.urls import path

from .views import again, chapter, home, news, questions, review, session, writers

_VERSION = "books/<str:book_id>/v<int:number>/"
_SESSION = "sessions/<uuid:session_id>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("find/", home.find, name="find"),
    path("books/<str:book_id>/", home.book, name="book"),
    path("books/<str:book_id>/delete/", home.book_delete, name="book_delete"),
    path(f"{_VERSION}start/", home.start, name="start"),
    path(f"{_VERSION}check-writer/", writers.writer_check, name="writer_check"),
    path(f"{_VERSION}board/", session.board, name="board"),
    path(f"{_VERSION}board/groups/<int:group>/", session.board_group, name="board_group"),
    path(f"{_VERSION}activity/", session.activity, name="activity"),
    path(f"{_SESSION}news/", news.session_news, name="session_news"),
    path(f"{_SESSION}pause/", session.session_change, {"change": "pause"}, name="session_pause"),
    path(f"{_SESSION}resume/", session.session_change, {"change": "resume"}, name="session_resume"),
    path(f"{_SESSION}budget/", session.session_budget, name="session_budget"),
    path(f"{_SESSION}retry/", session.session_change, {"change": "retry"}, name="session_retry"),
    path(f"{_SESSION}cancel/", session.session_cancel, name="session_cancel"),
    path(f"{_SESSION}chapters/<int:chapter>/retry/", session.chapter_retry, name="chapter_retry"),
    path(f"{_SESSION}chapters/<int:chapter>/again/", again.chapter_again, name="chapter_again"),
    path(f"{_SESSION}chapters/<int:chapter>/keep/", again.chapter_keep, name="chapter_keep"),
    path(f"{_SESSION}again/", session.session_change, {"change": "again"}, name="session_regenerate"),
    path(f"{_VERSION}chapters/<int:chapter>/", chapter.chapter, name="chapter"),
    path(f"{_VERSION}chapters/<int:chapter>/sources/", chapter.chapter_sources, name="chapter_sources"),
    path(f"{_VERSION}chapters/<int:chapter>/attempts/", chapter.chapter_attempts, name="chapter_attempts"),
    path(f"{_VERSION}chapters/<int:chapter>/revisions/", chapter.chapter_revisions, name="chapter_revisions"),
    path(f"{_VERSION}chapters/<int:chapter>/metrics/", chapter.chapter_metrics, name="chapter_metrics"),
    path(f"{_VERSION}review/", review.review, name="review"),
    path(f"{_VERSION}review/keep/", review.keep_all, name="keep_all"),
    path("changes/<int:change_id>/<str:decision>/", review.change_decide, name="change_decide"),
    path("books/<str:book_id>/rules/<str:key>/", review.rule_switch, name="rule_switch"),
    path(f"{_VERSION}questions/", questions.questions, name="questions"),
    path("questions/<int:question_id>/answer/", questions.question_answer, name="question_answer"),
    path("questions/<int:question_id>/dismiss/", questions.question_dismiss, name="question_dismiss"),
    path(f"{_SESSION}questions/", questions.questions_again, name="questions_again"),
]
